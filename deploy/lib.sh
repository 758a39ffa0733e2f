# shellcheck shell=bash
# Sourced by the commands of this folder; not a program.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps="$root/.deps"
build="$root/build/release"
# shellcheck disable=SC2034 # Read by those who source this.
torch_version=2.11.0

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# run_step LABEL LOG COMMAND...: runs COMMAND with its output in LOG. If it takes more than a second or two, says how far
# it is (on a terminal in place, else a line every 20 s); on failure shows the end of the log.
run_step() {
  local label=$1 log=$2 start=$SECONDS next_line=2 shown=no waiting status=0
  shift 2
  mkdir -p "$(dirname "$log")"
  # Its own process group, so that an interruption ends all of it.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  step_pid=$!
  set +m
  # A read that nothing ever answers is a pause without a child process that would outlive an interruption.
  exec {waiting}<> <(:)
  while kill -0 "$step_pid" 2>/dev/null; do
    read -rt 0.1 -u "$waiting" || true
    if ((SECONDS - start >= next_line)); then
      show_progress "$label" "$((SECONDS - start))" "$log"
      shown=yes
      if [[ -t 2 ]]; then next_line=$((SECONDS - start + 1)); else next_line=$((SECONDS - start + 20)); fi
    fi
  done
  exec {waiting}>&-
  wait "$step_pid" || status=$?
  step_pid=
  if [[ $shown == yes ]]; then
    show_progress "$label" "$((SECONDS - start))" "$log"
    if [[ -t 2 ]]; then printf '\n' >&2; fi
  fi
  if ((status != 0)); then
    say "$label failed (exit code $status). The end of ${log#"$root"/}:"
    tail -n 40 "$log" >&2
    return "$status"
  fi
}

show_progress() {
  local label=$1 seconds=$2 log=$3 last
  last=$(tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-80) || true
  if [[ -t 2 ]]; then
    printf '\r\033[K%s: %s, %d s  %s' "${0##*/}" "$label" "$seconds" "$last" >&2
  else
    printf '%s: %s, %d s  %s\n' "${0##*/}" "$label" "$seconds" "$last" >&2
  fi
}

step_pid=
end_step() {
  if [[ -n $step_pid ]]; then
    kill -- "-$step_pid" 2>/dev/null || true
    wait "$step_pid" 2>/dev/null || true
    if [[ -t 2 ]]; then printf '\n' >&2; fi
  fi
}
trap end_step EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# How many compilers fit: a file that includes torch takes up to 1.5 GB.
build_jobs() {
  local memory_kb jobs
  memory_kb=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  jobs=$((memory_kb / 1500000))
  ((jobs >= 1)) || jobs=1
  ((jobs <= $(nproc))) || jobs=$(nproc)
  echo "$jobs"
}

configure_release() {
  local cache="$build/CMakeCache.txt"
  if [[ -f $build/build.ninja ]] && grep -q '^ARCHSWEEP_TRAINER:[A-Z]*=ON$' "$cache" &&
    grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
    return # Ninja runs CMake again by itself when its files change.
  fi
  # --fresh, because a folder that was copied from elsewhere remembers its old place.
  run_step "configuring" "$deps/configure.log" \
    env -C "$root" cmake --preset release --fresh -DARCHSWEEP_TRAINER=ON
}

# build_release [TARGET...]: everything without TARGET.
build_release() {
  configure_release
  NINJA_STATUS='[%f/%t] ' run_step "building" "$deps/build.log" ninja -C "$build" -j "$(build_jobs)" "$@"
}
