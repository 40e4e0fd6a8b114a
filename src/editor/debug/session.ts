import {
  Breakpoint,
  DebugSession,
  Handles,
  InitializedEvent,
  OutputEvent,
  Scope,
  Source,
  StackFrame,
  StoppedEvent,
  TerminatedEvent,
  Thread,
} from '@vscode/debugadapter';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import * as l10n from '@vscode/l10n';
import { type Body, stateAfter, type WorkspaceState } from '../../trace/index.js';
import { evaluate, isFault, parseExpression, type Task } from '../../workflow/index.js';
import { retold } from '../runs/told.js';
import { type ArmedBreakpoint, armBreakpoint, hitOf, type RoleLines, runnersOf } from './breakpoints.js';
import { filterHit, filters, lookupAt } from './conditions.js';
import type { LiveRun } from './live.js';
import { type Budgeted, NEARLY } from './spending.js';
import { framesOf, type Move, move, rolesOf, run, type Stop, type Timeline } from './timeline.js';
import { type Shown, scopesOf } from './variables.js';

/** A recorded rollout, and what the adapter needs to show it. It knows nothing of the editor. */
export interface Recording {
  timeline: Timeline;
  /** Path or address of the workflow's text, and its name. */
  source: { path: string; name: string };
  roles: RoleLines;
  handed: (role: string) => { consumes: string[]; produces: string[] };
  text: (body: Body) => string;
  scoreBelow: number;
  /** The action to stand before at first; the first one where it is left out. */
  startAt: string | null;
  /** What the rollout was asked, for `task.*` in conditions; null where that is not known any more. */
  task: Task | null;
  budget: Pick<Budgeted, 'at' | 'nearly' | 'limits'>;
  /** The workspace of the moment at which the debugger stands. */
  onMoment: (state: WorkspaceState, stop: Stop) => void;
  /** A run that goes on: how it is steered. Its head is the timeline's last stop. */
  live: LiveRun | null;
}

/** Opens what a configuration names. A live run tells the session where it is held, and when it ended. */
export type Open = (args: Dap.LaunchRequestArguments, session: Followed) => Promise<Recording>;
export interface Followed {
  held(timeline: Timeline, why: string): void;
  ended(timeline: Timeline): void;
  say(text: string): void;
}

/** The roles of a text by line, for breakpoints set in it; null where it is not a workflow's text. */
export type RolesAt = (path: string) => Promise<RoleLines | null>;

/**
 * A debug adapter over a rollout: a thread for each role, a frame for each action, steps in both directions. Over a
 * recorded one nothing is run and no model is asked; a live one is steered at its head, and looked back at before.
 */
export class RolloutSession extends DebugSession implements Followed {
  private recording: Recording | undefined;
  private at = 0;
  private readonly handles = new Handles<() => Shown[]>();
  private readonly breakpoints = new Map<string, ArmedBreakpoint[]>();
  private filters = new Set<string>();
  private scoreBelow: number | null = null;
  private attached = false;

  constructor(
    private readonly open: Open,
    private readonly rolesAt: RolesAt,
  ) {
    super();
    this.setDebuggerLinesStartAt1(true);
    this.setDebuggerColumnsStartAt1(true);
  }

  protected override initializeRequest(response: Dap.InitializeResponse): void {
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsStepBack: true,
      supportsConditionalBreakpoints: true,
      supportsHitConditionalBreakpoints: true,
      supportsLogPoints: true,
      supportsEvaluateForHovers: true,
      supportsRestartRequest: true,
      supportsExceptionFilterOptions: true,
      supportsExceptionInfoRequest: false,
      exceptionBreakpointFilters: Object.entries(filters).map(([filter, label]) => ({
        filter,
        label: label(),
        default: filter === 'contractBroken',
        ...(filter === 'lowScore'
          ? {
              supportsCondition: true,
              conditionDescription: l10n.t('The score below which to stop, for example 5'),
            }
          : {}),
      })),
    };
    this.sendResponse(response);
  }

  protected override async launchRequest(
    response: Dap.LaunchResponse,
    args: Dap.LaunchRequestArguments,
  ): Promise<void> {
    try {
      this.recording = await this.open(args, this);
      this.sendResponse(response);
      this.sendEvent(new InitializedEvent());
    } catch (error) {
      this.sendErrorResponse(response, { id: 1, format: (error as Error).message, showUser: true });
    }
  }

  /** A run that another process started: stopping the debugger leaves it to go on. */
  protected override async attachRequest(
    response: Dap.AttachResponse,
    args: Dap.AttachRequestArguments,
  ): Promise<void> {
    this.attached = true;
    await this.launchRequest(response, args);
  }

  protected override configurationDoneRequest(response: Dap.ConfigurationDoneResponse): void {
    this.sendResponse(response);
    const { timeline, startAt, live } = this.must();
    if (live) {
      void this.arm().then(() => this.stand(timeline.stops.length - 1, 'entry'));
      return;
    }
    const wanted = timeline.stops.findIndex(
      (stop) => stop.is === 'before' && timeline.actions[stop.action]?.id === startAt,
    );
    this.stand(Math.max(0, wanted), 'entry');
  }

  protected override async setBreakPointsRequest(
    response: Dap.SetBreakpointsResponse,
    args: Dap.SetBreakpointsArguments,
  ): Promise<void> {
    const path = args.source.path ?? '';
    const roles = await this.rolesAt(path).catch(() => null);
    const armed = (args.breakpoints ?? []).map((asked) => armBreakpoint(asked, roles));
    this.breakpoints.set(path, armed);
    void this.arm();
    response.body = {
      breakpoints: armed.map((each) => {
        const made: Dap.Breakpoint = new Breakpoint(each.wrong === null, each.line);
        if (each.wrong !== null) made.message = each.wrong;
        return made;
      }),
    };
    this.sendResponse(response);
  }

  protected override setExceptionBreakPointsRequest(
    response: Dap.SetExceptionBreakpointsResponse,
    args: Dap.SetExceptionBreakpointsArguments,
  ): void {
    this.filters = new Set([...args.filters, ...(args.filterOptions ?? []).map(({ filterId }) => filterId)]);
    const below = Number(args.filterOptions?.find(({ filterId }) => filterId === 'lowScore')?.condition);
    this.scoreBelow = Number.isFinite(below) && below > 0 ? below : null;
    void this.arm();
    this.sendResponse(response);
  }

  protected override threadsRequest(response: Dap.ThreadsResponse): void {
    response.body = { threads: this.roles().map((role, at) => new Thread(at + 1, role)) };
    this.sendResponse(response);
  }

  protected override stackTraceRequest(
    response: Dap.StackTraceResponse,
    args: Dap.StackTraceArguments,
  ): void {
    const { timeline, source, roles } = this.must();
    const stop = timeline.stops[this.at]!;
    const all = framesOf(timeline, this.at, this.roles()[args.threadId - 1] ?? '');
    const start = args.startFrame ?? 0;
    const some = all.slice(start, start + (args.levels || all.length));
    const frames = some.map((index) => {
      const action = timeline.actions[index]!;
      const says =
        index === stop.action
          ? stop.says
          : (timeline.verdicts.get(action.id)?.verdict.code ?? l10n.t('done'));
      const line = roles.lineOf(action.agent) ?? 1;
      return new StackFrame(
        index + 1,
        // A sentence that names the action needs no name before it: the list is narrow.
        says.includes(action.id) ? says : `${action.id}: ${says}`,
        new Source(source.name, source.path),
        line,
        1,
      );
    });
    response.body = { stackFrames: frames, totalFrames: all.length };
    this.sendResponse(response);
  }

  protected override scopesRequest(response: Dap.ScopesResponse, { frameId }: Dap.ScopesArguments): void {
    const { timeline, handed, text, budget } = this.must();
    const stop = timeline.stops[this.at]!;
    const scopes = scopesOf(frameId - 1, stop, {
      timeline,
      handed,
      text,
      workspace: this.workspace(frameId - 1),
      budget,
    });
    response.body = {
      scopes: scopes.map(
        ({ name, variables, costly }) => new Scope(name, this.handles.create(variables), costly),
      ),
    };
    this.sendResponse(response);
  }

  protected override variablesRequest(response: Dap.VariablesResponse, args: Dap.VariablesArguments): void {
    const shown = this.handles.get(args.variablesReference)?.() ?? [];
    response.body = {
      variables: shown.map(({ name, value, children }) => ({
        name,
        value,
        variablesReference: children ? this.handles.create(children) : 0,
      })),
    };
    this.sendResponse(response);
  }

  protected override evaluateRequest(
    response: Dap.EvaluateResponse,
    { expression, context }: Dap.EvaluateArguments,
  ): void {
    const { timeline, task } = this.must();
    const parsed = parseExpression(expression.trim());
    const answer = isFault(parsed)
      ? null
      : evaluate(parsed, lookupAt(timeline, timeline.stops[this.at]!, task));
    if (answer && 'value' in answer) {
      const { value } = answer;
      response.body = {
        result: typeof value === 'string' ? value : JSON.stringify(value),
        variablesReference: 0,
      };
      this.sendResponse(response);
      return;
    }
    const why = isFault(parsed)
      ? parsed.message
      : l10n.t(
          'Nothing here is called "{0}". There are score, code, agent, turn, tokens, seconds, status, and the facts of artifacts (X.rows).',
          (answer as { unknown: string }).unknown,
        );
    this.sendErrorResponse(response, { id: 2, format: why, showUser: context === 'repl' });
  }

  protected override nextRequest(response: Dap.NextResponse): void {
    this.step(response, 'next');
  }
  protected override stepInRequest(response: Dap.StepInResponse): void {
    this.step(response, 'stepIn');
  }
  protected override stepOutRequest(response: Dap.StepOutResponse): void {
    this.step(response, 'stepOut');
  }
  protected override stepBackRequest(response: Dap.StepBackResponse): void {
    this.step(response, 'stepBack');
  }
  protected override continueRequest(response: Dap.ContinueResponse): void {
    response.body = { allThreadsContinued: true };
    this.go(response, 1);
  }
  protected override reverseContinueRequest(response: Dap.ReverseContinueResponse): void {
    this.go(response, -1);
  }
  protected override pauseRequest(response: Dap.PauseResponse): void {
    this.sendResponse(response);
    const { live } = this.must();
    if (live) this.steer(live.pause());
    else this.stand(this.at, 'pause');
  }
  protected override restartRequest(response: Dap.RestartResponse): void {
    this.sendResponse(response);
    for (const armed of this.breakpoints.values()) for (const each of armed) each.hits = 0;
    this.stand(0, 'entry');
  }
  /** Stop cancels a live run that it started (it can be resumed); disconnecting lets it go on. */
  protected override async disconnectRequest(
    response: Dap.DisconnectResponse,
    args: Dap.DisconnectArguments,
  ): Promise<void> {
    const live = this.recording?.live;
    if (live) {
      this.recording!.live = null;
      const cancels = args.terminateDebuggee ?? !this.attached;
      await (cancels ? live.cancel() : live.continue()).catch(() => undefined);
      live.detach();
    }
    this.sendResponse(response);
  }

  held(timeline: Timeline, why: string): void {
    if (!this.recording) return;
    this.recording.timeline = timeline;
    if (why !== 'step' && why !== 'pause') this.sayStop(timeline.stops.at(-1)!, retold(why));
    this.stand(
      timeline.stops.length - 1,
      why === 'step' ? 'step' : why === 'pause' ? 'pause' : 'breakpoint',
      retold(why),
    );
  }

  ended(timeline: Timeline): void {
    if (!this.recording?.live) return;
    this.recording.live.detach();
    this.recording.live = null;
    this.recording.timeline = timeline;
    this.stand(timeline.stops.length - 1, 'step', l10n.t('end of the rollout'));
  }

  private steer(asked: Promise<void>): void {
    asked.catch((error: Error) => this.say(error.message));
  }

  /** Hand breakpoints and filters to the runner of a live rollout. */
  private async arm(): Promise<void> {
    const live = this.recording?.live;
    if (!live) return;
    const breakpoints = [...this.breakpoints.values()]
      .flat()
      .flatMap((each, id) => runnersOf(each, String(id)));
    const filters = {
      ...(this.filters.has('lowScore') ? { scoreBelow: this.scoreBelow ?? this.must().scoreBelow } : {}),
      contractBroken: this.filters.has('contractBroken'),
      toolFailed: this.filters.has('toolFailed'),
      ...(this.filters.has('budgetNearlySpent') ? { budgetOver: NEARLY } : {}),
    };
    await live.arm(breakpoints, filters).catch((error: Error) => this.say(error.message));
  }

  private step(response: Dap.Response, how: Move): void {
    this.sendResponse(response);
    const { timeline, live } = this.must();
    if (how !== 'stepBack' && this.at === timeline.stops.length - 1) {
      if (live) {
        this.steer(live.step(how === 'stepIn' ? 'into' : 'action'));
        return;
      }
      this.sendEvent(new TerminatedEvent());
      return;
    }
    this.stand(move(timeline, this.at, how), 'step');
  }

  private go(response: Dap.Response, direction: 1 | -1): void {
    this.sendResponse(response);
    const { timeline, live } = this.must();
    if (direction === 1 && this.at === timeline.stops.length - 1) {
      if (live) {
        this.steer(live.continue());
        return;
      }
      this.sendEvent(new TerminatedEvent());
      return;
    }
    const found = run(timeline, this.at, direction, (stop) => this.hit(stop));
    if (found.reason !== null) this.sayStop(timeline.stops[found.at]!, found.reason);
    const reason =
      found.reason ?? (direction === 1 ? l10n.t('end of the rollout') : l10n.t('start of the rollout'));
    this.stand(found.at, found.reason === null ? 'step' : 'breakpoint', reason);
  }

  /** Why it stopped, in full: the call stack has room for its first words only. */
  private sayStop(stop: Stop, reason: string): void {
    const { timeline } = this.must();
    this.say(`${timeline.actions[stop.action]?.id ?? timeline.rollout}: ${reason}`);
  }

  private hit(stop: Stop): string | null {
    const { timeline, budget, task } = this.must();
    if (stop.is === 'before')
      for (const each of [...this.breakpoints.values()].flat()) {
        const found = hitOf(each, timeline, stop, task);
        if (found && 'log' in found) this.say(found.log);
        else if (found) return found.stops;
      }
    const spent =
      stop.is === 'model' && this.filters.has('budgetNearlySpent')
        ? budget.nearly(timeline.events[stop.events - 1]?.at ?? 0)
        : null;
    return spent ?? filterHit(timeline, stop, this.filters, this.scoreBelow ?? this.must().scoreBelow);
  }

  private stand(at: number, reason: string, description?: string): void {
    const { timeline, onMoment } = this.must();
    this.at = at;
    this.handles.reset();
    const stop = timeline.stops[at]!;
    const action = timeline.actions[stop.action];
    onMoment(this.workspaceUpTo(stop), stop);
    if (stop.is === 'end') this.say(`${timeline.rollout}: ${stop.says}`);
    const event: Dap.StoppedEvent = new StoppedEvent(
      reason,
      Math.max(0, this.roles().indexOf(action?.agent ?? '')) + 1,
    );
    event.body.allThreadsStopped = true;
    event.body.description = description ?? stop.says;
    event.body.text = description ?? stop.says;
    this.sendEvent(event);
  }

  /** The files at a stop: those of this action only once it has finished. */
  private workspaceUpTo(stop: Stop): WorkspaceState {
    const { timeline } = this.must();
    return stateAfter(timeline.events.slice(0, stop.events));
  }

  private workspace(index: number): WorkspaceState {
    const { timeline } = this.must();
    const stop = timeline.stops[this.at]!;
    return index === stop.action
      ? this.workspaceUpTo(stop)
      : stateAfter(timeline.events, timeline.actions[index]!.id);
  }

  private roles(): string[] {
    return rolesOf(this.must().timeline);
  }

  say(text: string): void {
    this.sendEvent(new OutputEvent(`${text}\n`, 'console'));
  }

  private must(): Recording {
    if (!this.recording) throw new Error(l10n.t('No rollout is open.'));
    return this.recording;
  }
}
