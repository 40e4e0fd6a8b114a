import {
  Breakpoint,
  CapabilitiesEvent,
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
import { stateAfter, type WorkspaceState } from '../../trace/index.js';
import { inert } from '../markup.js';
import { retold } from '../runs/told.js';
import { type ArmedBreakpoint, armBreakpoint, hitOf, runnersOf } from './breakpoints.js';
import { filterHit, filters } from './conditions.js';
import { inspected, lastEnded } from './console.js';
import type { LiveRun } from './live.js';
import { type Asked, answerTo } from './paused.js';
import type { Followed, Open, Recording, RolesAt } from './recording.js';
import { NEARLY } from './spending.js';
import { framesOf, type Move, move, rolesOf, run, type Stop, type Timeline } from './timeline.js';
import { type Shown, scopesOf } from './variables.js';

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
  /** The action whose reply is being shown as it is written. */
  private writing: string | null = null;
  private scoreBelow: number | null = null;
  private attached = false;
  /** A run that is steered and not shown yet. */
  private early: LiveRun | null = null;
  /** How the debugger was stopped: whether that ends the run. */
  private stopped: { cancels: boolean } | null = null;
  private readonly onStopped: (() => void)[] = [];
  /** A live rollout goes on: what is shown is not where it is. */
  private going = false;

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
      if (this.stopped) throw leftEarly();
      this.early = null;
      this.sendResponse(response);
      // A run that was started for this is started anew, by launching once more; others are looked at from their start.
      if (this.recording.live && !this.attached)
        this.sendEvent(new CapabilitiesEvent({ supportsRestartRequest: false }));
      this.sendEvent(new InitializedEvent());
    } catch (error) {
      this.refuse(response, error as Error);
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
    const { isSource, kinds } = this.must();
    const roles = isSource(path) ? await this.rolesAt(path).catch(() => null) : null;
    const armed = (args.breakpoints ?? []).map((asked) => armBreakpoint(asked, roles, kinds));
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
    { expression, context, frameId }: Dap.EvaluateArguments,
  ): void {
    const recording = this.must();
    const stop = this.stopOf(frameId);
    // What is pointed at or watched starts no program.
    inspected(recording, stop, expression, context === 'repl').then(
      ({ value, children }) => {
        response.body = { result: value, variablesReference: children ? this.handles.create(children) : 0 };
        this.sendResponse(response);
      },
      (error: Error) => this.refuse(response, error, context === 'repl'),
    );
  }

  /** Where an expression is looked up: where it stands, or the last moment of the action whose frame is selected. */
  private stopOf(frameId: number | undefined): Stop {
    const { stops } = this.must().timeline;
    const now = stops[this.at]!;
    if (frameId === undefined || frameId - 1 === now.action) return now;
    return stops.slice(0, this.at).findLast(({ action }) => action === frameId - 1) ?? now;
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
    this.stand(0, 'entry');
  }
  /** Stop cancels a live run that it started (it can be resumed); disconnecting lets it go on. */
  protected override async disconnectRequest(
    response: Dap.DisconnectResponse,
    args: Dap.DisconnectArguments,
  ): Promise<void> {
    this.stopped = { cancels: args.terminateDebuggee ?? !this.attached };
    const live = this.recording?.live ?? this.early;
    if (this.recording) this.recording.live = null;
    if (live) await this.letGo(live);
    this.sendResponse(response);
  }

  steers(live: LiveRun): Promise<never> {
    this.early = live;
    return new Promise((_, reject) => {
      this.onStopped.push(() => reject(leftEarly()));
      if (this.stopped) void this.letGo(live);
    });
  }

  private async letGo(live: LiveRun): Promise<void> {
    this.early = null;
    for (const each of this.onStopped) each();
    await (this.stopped?.cancels ? live.cancel() : live.continue()).catch(() => undefined);
    live.detach();
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

  private goOn(asked: Promise<void>): void {
    this.going = true;
    this.steer(asked);
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
      .flatMap((each) => runnersOf(each, JSON.stringify([each.line, each.written, each.hitCondition])));
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
        this.goOn(live.step(how === 'stepIn' ? 'into' : 'action'));
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
        this.goOn(live.continue());
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
    this.endReply();
    const { timeline, onMoment, live } = this.must();
    this.at = at;
    this.going = false;
    this.handles.reset();
    const stop = timeline.stops[at]!;
    const action = timeline.actions[stop.action];
    onMoment(this.workspaceUpTo(stop), stop);
    if (live && at < timeline.stops.length - 1) this.restore(live.goTo(lastEnded({ timeline }, stop)));
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

  /** The run writes the files of a moment that is looked back at. */
  private restore(asked: Promise<string>): void {
    asked.then(
      (folder) => this.say(l10n.t('The workspace of this moment is in {0}', folder)),
      (error: Error) => this.say(error.message),
    );
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

  /** What the editor asks beside the protocol: where it stands, and to fork there. */
  protected override customRequest(command: string, response: Dap.Response, args: unknown): void {
    const at = { stop: this.at, going: this.going };
    answerTo(command as Asked, args, this.must(), at).then(
      (body) => {
        response.body = body;
        this.sendResponse(response);
      },
      (error: Error) => this.refuse(response, error, false),
    );
  }

  /** Text that is not a format of the protocol's: braces in it stay. */
  private refuse(response: Dap.Response, { message }: Error, showUser = true): void {
    this.sendErrorResponse(response, { id: 1, format: '{_why}', variables: { _why: message }, showUser });
  }

  say(text: string): void {
    this.endReply();
    this.sendEvent(new OutputEvent(`${text}\n`, 'console'));
  }

  wrote(action: string, text: string): void {
    if (this.writing !== action) this.say(l10n.t('{0} writes:', action));
    this.writing = action;
    this.sendEvent(new OutputEvent(inert(text), 'stdout'));
  }

  /** What comes next stands on a line of its own. */
  private endReply(): void {
    if (this.writing !== null) this.sendEvent(new OutputEvent('\n', 'stdout'));
    this.writing = null;
  }

  private must(): Recording {
    if (!this.recording) throw new Error(l10n.t('No rollout is open.'));
    return this.recording;
  }
}

function leftEarly(): Error {
  return new Error(l10n.t('The debugger was stopped before the run was held.'));
}
