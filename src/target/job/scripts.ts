// What runs there: POSIX shell, so that a box needs nothing for it. Every state lies in files of the job's folder:
// attempt-N/by (who starts it: "pid start-time boot-id"), pid (what was started, the same way), log, exit.

/**
 * Prints one word and what belongs to it: running, exited CODE, rebooted, lost, starting, sent, absent. `$1` is the
 * job. Before there is a pid, it is starting only as long as who starts it is alive.
 */
const state = `
process() { echo "$1 $(cut -d' ' -f22 "/proc/$1/stat") $(cat /proc/sys/kernel/random/boot_id)"; }
newest() {
  last=0
  for made in "$1"/attempt-*; do
    n=\${made##*/attempt-}
    case "$n" in ''|*[!0-9]*) continue;; esac
    if [ "$n" -gt "$last" ]; then last=$n; fi
  done
  echo "$last"
}
alive() {
  # A process that has ended and that nobody has waited for (Z) still has its entry.
  case "$(cut -d' ' -f3,22 "/proc/$1/stat" 2>/dev/null)" in "Z "*) return 1;; *" $2") return 0;; *) return 1;; esac
}
state() {
  if [ ! -d "$1" ]; then echo absent; return; fi
  if [ -s "$1/exit" ]; then echo "exited $(cat "$1/exit")"; return; fi
  by=$1/pid; is=running
  if [ ! -f "$by" ]; then
    last=$(newest "$1"); is=starting
    if [ "$last" = 0 ]; then echo sent; return; fi
    by=$1/attempt-$last/by
    if [ ! -f "$by" ]; then echo lost; return; fi
  fi
  read -r pid start boot < "$by"
  if [ "$boot" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then echo rebooted
  elif alive "$pid" "$start"; then echo "$is"
  else echo lost; fi
}`;

/**
 * `$1` root, `$2` node, `$3` a Python or nothing: makes the folders of the box and prints the root's absolute path and,
 * a line each, both programs with "~/" as the home folder there, and where models of the hub and its login are kept.
 */
export const openRoot = `set -e
full() { case "$1" in "~/"*) echo "$HOME/\${1#"~/"}";; *) echo "$1";; esac; }
case "$1" in "~/"* | /*) root=$(full "$1");; *) root="$HOME/$1";; esac
mkdir -p "$root/jobs" "$root/programs" "$root/cache"
chmod 700 "$root"
cd "$root" && pwd -P
full "$2"
full "$3"
echo "\${HF_HOME:-\${XDG_CACHE_HOME:-$HOME/.cache}/huggingface}"`;

/** `$1` folder; standard input: lines "sha256 path". Prints the paths whose file is absent or another. */
export const missingFiles = `mkdir -p "$1" && cd "$1" || exit 1
while IFS=' ' read -r sum path; do
  have=$(sha256sum "./$path" 2>/dev/null) || have=
  [ "\${have%% *}" = "$sum" ] || printf '%s\\n' "$path"
done`;

/** `$1` folder; standard input: a tar archive of our own. */
export const unpack = `mkdir -p "$1" && cd "$1" && tar -xf - --no-same-owner`;

/** `$1` job; standard input: how it is started. */
export const keepLaunched = `cat > "$1/job.json.part" && mv "$1/job.json.part" "$1/job.json"`;

/** `$1` job. Nothing where that was not kept. */
export const readLaunched = `cat "$1/job.json" 2>/dev/null || :`;

/**
 * `$1` job, `$2` attempt, then the command; standard input: lines "NAME=base64" that become its environment, and a dot
 * on a line of its own, without which a link that was cut would start it without some of them.
 */
export const start = `set -e${state}
job=$1; attempt=$2; shift 2
whole=
while IFS='=' read -r name value; do
  if [ "$name" = . ]; then whole=yes; break; fi
  export "$name=$(printf %s "$value" | base64 -d)"
done
if [ -z "$whole" ]; then echo "its environment did not come whole" >&2; exit 1; fi
if ! mkdir "$job/attempt-$attempt" 2>/dev/null; then
  if [ -d "$job/attempt-$attempt" ]; then echo already; exit 0; fi
  echo "it could not be started in $job: $(mkdir "$job/attempt-$attempt" 2>&1)" >&2; exit 1
fi
process $$ > "$job/attempt-$attempt/by.part"
mv "$job/attempt-$attempt/by.part" "$job/attempt-$attempt/by"
rm -f "$job/exit" "$job/pid"
cat > "$job/run.sh" <<'RUN'
# A stop is for the command; this shell stays to write down how it ended.
trap : TERM INT
echo "$$ $(cut -d' ' -f22 /proc/$$/stat) $(cat /proc/sys/kernel/random/boot_id)" > ../pid.part && mv ../pid.part ../pid || exit 1
"$@" >> ../log 2>&1
# Without room to write its end down it is lost, not ended with nothing.
echo $? > ../exit.part && mv ../exit.part ../exit
RUN
cd "$job/work"
: >> ../log
setsid sh ../run.sh "$@" < /dev/null > /dev/null 2>&1 &
born=$(cut -d' ' -f22 "/proc/$!/stat" 2>/dev/null) || born=
n=0
while [ ! -f ../pid ] && { [ $n -lt 20 ] || alive "$!" "$born"; }; do n=$((n+1)); sleep 0.1; done
if [ ! -f ../pid ]; then echo "it could not be started in $job" >&2; exit 1; fi
echo started`;

/** `$1` job. */
export const askState = `${state}
state "$1"`;

/** `$1` job. The number of its newest attempt; 0 where there is none. */
export const newestAttempt = `${state}
newest "$1"`;

/** `$1` job, under the home folder unless absolute, `$2` its run. Says "yes" where the run is on record. */
export const begun = `case "$1" in "~/"*) job="$HOME/\${1#"~/"}";; *) job=$1;; esac
if [ -f "$job/work/.baton/runs/$2/run.json" ]; then echo yes; fi`;

/** Paths, under the home folder unless absolute. Says "yes" where there is something at one of them. */
export const present = `for path do
  case "$path" in "~/"*) path="$HOME/\${path#"~/"}";; esac
  if [ -e "$path" ]; then echo yes; break; fi
done`;

/** `$1` jobs folder. Lines "job|state|what the log last says of a step". */
export const listJobs = `${state}
cd "$1" || exit 1
for job in *; do
  [ -d "$job" ] || continue
  step=$(tail -c 65536 "$job/log" 2>/dev/null | grep '^step [0-9]*/[0-9]*: ' | tail -n 1)
  echo "$job|$(state "$1/$job")|$step"
done`;

/** `$1` job, `$2` offset: the log from there on, until the job has ended. */
export const follow = `${state}
job=$1; off=$2
while :; do
  now=$(state "$job")
  size=$(wc -c < "$job/log" 2>/dev/null || echo 0)
  if [ "$size" -gt "$off" ]; then tail -c +$((off+1)) "$job/log" | head -c $((size-off)); off=$size
  elif [ "$now" != running ] && [ "$now" != starting ]; then break
  else sleep 0.5; fi
done`;

/** `$1` job. Stops it only if the process is the one that was started; prints what was done. */
export const cancel = `${state}
now=$(state "$1")
if [ "$now" != running ]; then echo "$now"; exit 0; fi
read -r pid start boot < "$1/pid"
case "$pid" in ''|*[!0-9]*) echo "no process id in $1/pid" >&2; exit 1;; esac
kill -TERM "-$pid" || exit 1
n=0
while alive "$pid" "$start" && [ $n -lt 300 ]; do n=$((n+1)); sleep 0.1; done
kill -KILL "-$pid" 2>/dev/null
[ -f "$1/exit" ] || echo 137 > "$1/exit"
echo cancelled`;

/**
 * `$1` folder: lines "sha256  path" of every file in it, and "sha256 size path" of those that are new: one that is
 * being written is told as far as it is there. Logs come first, so that what they name is listed as well.
 */
export const hashes = `cd "$1" 2>/dev/null || exit 0
new() {
  find . -type f -mmin -5 "$@" -print0 | xargs -0 -r sh -c '
    for f do
      if ! { size=$(wc -c < "$f") && sum=$(head -c "$size" "$f" | sha256sum); }; then
        [ -e "$f" ] && exit 1
        continue
      fi
      echo "\${sum%% *} $((size)) $f"
    done' sh
}
new -name run.jsonl && new -name '*.jsonl' ! -name run.jsonl && new ! -name '*.jsonl' || exit 1
# What has gone meanwhile is not there; what cannot be read is a fault.
find . -type f ! -mmin -5 -print0 | xargs -0 -r sh -c '
  sha256sum "$@" 2>/dev/null || for f do sha256sum "$f" || [ ! -e "$f" ] || exit 1; done' sh`;

/**
 * `$1` folder; standard input: lines "size path", with - for the size that it has. For each its size on a line, then so
 * many bytes, whatever has become of the file.
 */
export const readFiles = `cd "$1" || exit 1
while IFS= read -r line; do
  size=\${line%% *}; path=./\${line#* }
  if [ "$size" = - ]; then size=$(wc -c < "$path" 2>/dev/null) || size=0; fi
  echo "$size"
  { cat "$path" 2>/dev/null; cat /dev/zero; } | head -c "$size"
done`;

/** `$1` job, `$2` its weights: removes both unless it runs. The job goes last, so that a cut leaves one to ask for. */
export const remove = `${state}
case "$(state "$1")" in
  running|starting) echo "it is still running" >&2; exit 3;;
  absent) echo "it is not there" >&2; exit 4;;
esac
rm -rf -- "$2" && rm -rf -- "$1"`;
