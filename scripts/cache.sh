# For the scripts that keep large files outside the checkout (the engine, Node): where these are, and how they get there
# completely or not at all. All messages go to stderr, because the callers print their result on stdout.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 1
}

cache_root=${APIKEYS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pulumi-apikeys}
case $cache_root in /*) ;; *) fail "The cache folder must be an absolute path: $cache_root (see APIKEYS_CACHE and XDG_CACHE_HOME)." ;; esac

# The SHA-256 of stdin. macOS has shasum only.
sha256() { (if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi) | cut -d ' ' -f 1; }

# lock WHAT PATH: holds an exclusive lock on PATH, in file descriptor 9, until `unlock` or the end of the script.
# Without flock (macOS), two runs at the same time do the same work twice; the rename in `once` still keeps the result
# complete.
lock() {
  local seconds=0
  exec 9<"$2"
  command -v flock >/dev/null || return 0
  until flock -n 9; do
    if ((seconds % 30 == 0)); then say "Another run is busy with $1; waiting for it, $seconds s so far."; fi
    sleep 1
    seconds=$((seconds + 1))
  done
}
unlock() { exec 9<&-; }

# with_progress WHAT SECONDS COMMAND...: runs COMMAND, says every 30 s that it is still running, stops it after SECONDS,
# and shows the end of its output if it failed. COMMAND has its own process group, so that none of it outlives this
# script.
with_progress() {
  local what=$1 limit=$2 seconds=0 status=0
  shift 2
  running_log=$(mktemp)
  set -m
  "$@" >"$running_log" 2>&1 </dev/null 9<&- &
  running=$!
  set +m
  trap 'stop_running; rm -f "$running_log"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while kill -0 "$running" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if ((seconds % 30 == 0)); then say "... $what: $seconds s so far."; fi
    if ((seconds == limit)); then
      say "Stopped $what after $limit s."
      stop_running
    fi
  done
  wait "$running" || status=$?
  trap - EXIT INT TERM HUP
  if ((status != 0)); then tail -n 200 "$running_log" >&2; fi
  rm -f "$running_log"
  return "$status"
}
stop_running() { kill -- "-$running" 2>/dev/null || true; }

# once WHAT DIRECTORY COMMAND...: unless DIRECTORY exists, runs COMMAND with the name of an empty directory as last
# argument, and renames that to DIRECTORY if COMMAND succeeds. So DIRECTORY is complete or absent, whatever is killed in
# between.
once() {
  local what=$1 directory=$2 partial
  shift 2
  if [ -d "$directory" ]; then return 0; fi
  mkdir -p "$(dirname "$directory")"
  : >>"$directory.lock"
  lock "$what" "$directory.lock"
  if [ ! -d "$directory" ]; then
    # Left by a killed run. Only the lock proves that nobody is writing there now.
    if command -v flock >/dev/null; then rm -rf "$directory".partial.*; fi
    partial=$(mktemp -d "$directory.partial.XXXXXX")
    if ! "$@" "$partial"; then
      rm -rf "$partial"
      return 1
    fi
    if [ -d "$directory" ]; then rm -rf "$partial"; else mv "$partial" "$directory"; fi
  fi
  unlock
}
