# shellcheck shell=bash
# What quickstart, verify and bench have in common: finding what a machine has, and getting what it lacks. Sourced, not run.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

packages=()   # Debian packages to install
hints=()      # what no package gives here, and how to get it

# want FILE|COMMAND PACKAGE...: the packages, if the machine has no such file or command
want() {
  local what=$1; shift
  case $what in
    /*) [ -e "$what" ] && return ;;
    *) command -v "$what" >/dev/null && return ;;
  esac
  packages+=("$@")
}

# apt_offers PACKAGE MINIMUM: whether apt would install that version or a later one
apt_offers() {
  local candidate
  [ "$install" = no ] || know_packages
  candidate=$(candidate_of "$1")
  [ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge "$2"
}

candidate_of() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9].*\)/\1/p'; }

# On a machine that never heard of its packages, apt-cache knows nothing.
knows_packages() { [ -n "$(candidate_of runc)" ]; }
know_packages() {
  knows_packages && return
  say "reading Debian's package lists"
  apt-get update -q >/dev/null 2>&1 || die "apt-get update failed; run it by hand to see why"
}

# The feature version of the JDK in folder $1; nothing if there is none.
jdk_feature() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

find_jdk() { # sets and exports JAVA_HOME
  local folder feature on_path
  on_path=$(readlink -f "$(command -v javac || true)" || true)
  for folder in "${JAVA_HOME:-}" /usr/lib/jvm/* "${on_path%/bin/javac}"; do
    feature=$([ -n "$folder" ] && jdk_feature "$folder" || true)
    if [ "${feature:-0}" -ge 25 ]; then
      export JAVA_HOME=$folder
      return 0
    fi
  done
  unset JAVA_HOME
  return 1
}

want_jdk() {
  find_jdk && return
  if apt_offers openjdk-25-jdk-headless 25; then
    packages+=(openjdk-25-jdk-headless)
  else
    hints+=("a JDK 25 or later: this Debian has none; unpack one (Temurin, for example) below /usr/lib/jvm, or set JAVA_HOME to its folder")
  fi
}

find_cargo() { # puts rustup's folder on the PATH if cargo is only there
  command -v cargo >/dev/null || { [ -x "$HOME/.cargo/bin/cargo" ] && PATH=$PATH:$HOME/.cargo/bin; } || return 1
  local version
  version=$(cargo --version | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
  dpkg --compare-versions "${version:-0}" ge 1.85
}

want_cargo() {
  find_cargo && { want cc gcc libc6-dev; return; }
  if apt_offers cargo 1.85; then
    packages+=(cargo)
  else
    hints+=("cargo 1.85 or later: this Debian has an older one; install Rust by rustup (https://rustup.rs) and put cargo on the PATH")
  fi
}

# Installs what is wanted, or, where $install says no, tells what is missing and ends.
install_wanted() {
  local hint
  [ ${#hints[@]} -eq 0 ] || knows_packages || hints+=("Debian's package lists, which may have it: apt-get update")
  for hint in "${hints[@]}"; do say "missing: $hint" >&2; done
  if [ ${#packages[@]} -gt 0 ] && [ "$install" = no ]; then
    say "missing packages: apt-get install --no-install-recommends ${packages[*]}" >&2
  fi
  [ ${#hints[@]} -eq 0 ] || die "nothing was installed; get the above and run this again"
  [ ${#packages[@]} -gt 0 ] || return 0
  [ "$install" = yes ] || die "refused to install them (--no-install)"
  know_packages
  say "installing ${packages[*]}"
  local log
  log=$(mktemp)
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get install failed, see above"
  fi
  rm -f "$log"
}

# A folder for an engine's root: overlayfs cannot have overlayfs below it.
scratch_parent() {
  local folder
  for folder in /var/tmp /var/lib /run; do
    [ -w "$folder" ] && [ "$(stat -f -c %T "$folder")" != overlayfs ] && { echo "$folder"; return; }
  done
  die "no folder for the engine's root: /var/tmp, /var/lib and /run all lie on overlayfs"
}

# Takes away everything that an engine left below folders of its own. $@: the folders
sweep() {
  local folder pid mount
  for folder in "$@"; do
    # Shims and what they started hold on to their bundle below the state: by working folder, or named on the command line.
    for pid in /proc/[0-9]*; do
      case "$(readlink "$pid/cwd" 2>/dev/null) $(tr '\0' ' ' 2>/dev/null <"$pid/cmdline")" in
        *"$folder/"*) [ "${pid#/proc/}" = $$ ] || kill -KILL "${pid#/proc/}" 2>/dev/null || true ;;
      esac
    done
    while mount=$(awk -v below="$folder/" 'index($5, below) == 1 { last = $5 } END { print last }' /proc/self/mountinfo); [ -n "$mount" ]; do
      umount -l "$(printf '%b' "${mount//\\/\\0}")" || break
    done
    rm -rf --one-file-system "$folder"
  done
}
