#!/usr/bin/env bash
#
# Usage: src/cli/install_test.sh BUILD_DIRECTORY layout|commands|library|completion|manual
#
# Installs a build into a directory of its own, moves that away from where it was installed, makes
# it read-only, and tries one side of it. Prints what fails and ends with status 1; with 77 and the
# reason if this host cannot try it.
set -euo pipefail
export LC_ALL=C.UTF-8

if [[ $# != 2 ]]; then
    sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

build=$(realpath "$1")
sources=$(realpath "$(dirname "$0")/../..")
temporary=$(mktemp -d)
trap 'chmod -R u+w "$temporary" && rm -rf "$temporary"' EXIT
prefix=$temporary/moved
mkdir "$temporary/work"
cd "$temporary/work"

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

skip() {
    printf 'skipped: %s\n' "$*" >&2
    exit 77
}

need() {
    command -v "$1" >/dev/null || skip "$1 is missing: apt-get install $2, or scripts/setup"
}

# Sanitizers write the names of sources into programs, and ask every user of a library for more.
need_plain_build() {
    if nm "$build/libmkfifo.a" | grep -q '__[a-z]*san_'; then
        skip 'this build has sanitizers'
    fi
}

# expect WANTED WHAT GOT: GOT is a text that has WANTED in it.
expect() {
    [[ $3 = *"$1"* ]] || fail "$2 has no \"$1\":"$'\n'"$3"
}

# install PREFIX: where it is moved from, or stays.
install() {
    cmake --install "$build" --prefix "$1" >"$temporary/log" 2>&1 ||
        fail "cmake --install: $(tail -n 5 "$temporary/log")"
}

install_and_move() {
    install "$temporary/first"
    mv "$temporary/first" "$prefix"
    chmod -R a-w "$prefix"
}

# Names and link targets, not times.
files_of() {
    (cd "$1" && find . -printf '%P %y %m %l\n' | sort)
}

# --- one function for each side -------------------------------------------------------------------

layout() {
    local binary file
    need_plain_build
    install "$temporary/first"
    DESTDIR=$temporary/stage install /opt/fifofuzz
    diff <(files_of "$temporary/first") <(files_of "$temporary/stage/opt/fifofuzz") ||
        fail 'with DESTDIR something else is installed'
    for file in bin/fifofuzz libexec/fifofuzz/fuzz_sequence include/fifofuzz/mkfifo.h \
        share/fifofuzz/{corpus/conformance/C-EEXIST.scn,seeds/sequence/twice} \
        share/fifofuzz/dictionaries/fuzz_sequence.dict share/doc/fifofuzz/LICENSE \
        share/man/{man1/fifofuzz.1,man3/mkfifo.3fifofuzz} \
        share/bash-completion/completions/fifofuzz \
        libexec/fifofuzz/agents/{agent-glibc,agent.py,command}; do
        [[ -s $temporary/first/$file ]] || fail "$file is not installed"
    done
    find "$temporary/first" -type l -lname '/*' -printf '%P\n' >"$temporary/absolute"
    [[ ! -s $temporary/absolute ]] || fail "absolute links: $(cat "$temporary/absolute")"

    # Debug information names the sources and is no use of them.
    while read -r binary; do
        # An agent of another machine, which this strip does not know, has none.
        strip --strip-debug -o "$temporary/stripped" "$binary" 2>/dev/null ||
            cp "$binary" "$temporary/stripped"
        if strings -a "$temporary/stripped" | grep -F -e "$sources" -e "$build"; then
            fail "$binary points to the sources or the build"
        fi
    done < <(find "$temporary/first/bin" "$temporary/first/libexec" "$temporary/first/lib" \
        -type f -executable)
    if grep -rIlF -e "$sources/" -e "$build/" "$temporary/first"; then
        fail 'a file points to the sources or the build'
    fi
}

# Run again in a mount namespace where there are neither sources nor build, and all is read-only.
commands() {
    install_and_move
    "$prefix/bin/fifofuzz" doctor >"$temporary/doctor" ||
        skip "no sandbox: $(grep -A 1 '^missing' "$temporary/doctor" | xargs)"
    if [[ $(id -u) != 0 ]]; then
        try_commands # a namespace in which we could mount would be no ordinary user's
        return
    fi
    export -f try_commands fail skip expect
    # shellcheck disable=SC2016 # the inner shell's
    prefix=$prefix temporary=$temporary unshare --mount --propagation private bash -euc '
        mount --bind "$prefix" "$prefix"
        mount -o remount,bind,ro "$prefix"
        mount -t tmpfs none "$1"
        [[ ! -e $2 ]] || mount -t tmpfs none "$2"
        cd "$temporary/work"
        try_commands' - "$sources" "$build"
}

try_commands() {
    local fifofuzz=$prefix/bin/fifofuzz said status

    said=$("$fifofuzz" doctor) || fail "doctor: $said"
    expect 'ok      fuzz_sequence:' doctor "$said"
    said=$("$fifofuzz" list targets)
    expect 'sequence ' 'list targets' "$said"
    said=$("$fifofuzz" explain C-EEXIST)
    expect "$prefix/share/fifofuzz/corpus/conformance/C-EEXIST.scn:" explain "$said"
    expect 'mkfifo "' explain "$said"

    said=$("$fifofuzz" check) || fail "check: $said"
    expect 'ok 1 - C-ACL-access' check "$said"

    status=0
    said=$("$fifofuzz" run --runs 2000 --seed 1 2>&1) || status=$?
    [[ $status != 77 ]] || skip "all but check, list and explain: $said"
    [[ $status = 0 ]] || fail "run: status $status: $said"
    expect 'findings              0' run "$said"
    status=0
    said=$("$fifofuzz" run --runs 2000 --seed 1 --implementation canary-type-regular 2>&1) ||
        status=$?
    [[ $status = 1 ]] || fail "run with a canary: status $status: $said"
    expect " $fifofuzz repro findings/" 'run with a canary' "$said"
    status=0
    "$fifofuzz" repro findings/* --implementation canary-type-regular >/dev/null || status=$?
    [[ $status = 1 ]] || fail "repro: status $status"
    said=$("$fifofuzz" bench --seconds 1 2>&1) || fail "bench: $said"
    expect 'calls/s under libFuzzer' bench "$said"
}

library() {
    local flags name
    need pkg-config pkgconf
    need_plain_build
    install_and_move
    export PKG_CONFIG_PATH
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig)
    cat >program.c <<'EOF'
#include <errno.h>
#include <fcntl.h>
#include <fifofuzz/mkfifo.h>
#include <stdio.h>
#include <sys/stat.h>

int main(void) {
    struct stat facts;
    int made = mkfifo("pipe", 0600) == 0 && mkfifoat(AT_FDCWD, "pipe2", 0640) == 0;
    int again = mkfifo("pipe", 0600);
    puts(made && again == -1 && errno == EEXIST && stat("pipe", &facts) == 0 &&
         S_ISFIFO(facts.st_mode) ? "held" : "violated");
    return 0;
}
EOF
    read -r -a flags < <(pkg-config --cflags --libs libmkfifo)
    cc program.c -o shared -Wl,--trace-symbol=mkfifoat "${flags[@]}" >"$temporary/shared" 2>&1
    cc -static program.c -o static -Wl,--trace-symbol=mkfifoat "${flags[@]}" \
        >"$temporary/static" 2>&1
    expect 'libmkfifo.so: definition of mkfifoat' 'the linker' "$(cat "$temporary/shared")"
    expect 'libmkfifo.a(mkfifo.c.o): definition of mkfifoat' 'the linker' "$(cat "$temporary/static")"
    expect 'libmkfifo.so.0' 'what is needed' "$(readelf -d shared)"
    for name in shared static; do
        rm -f pipe pipe2
        expect held "$name" "$(LD_LIBRARY_PATH=$(pkg-config --variable=libdir libmkfifo) ./$name)"
    done
    rm -f pipe
    LD_PRELOAD=$(pkg-config --variable=libdir libmkfifo)/libmkfifo.so.0 mkfifo pipe
    [[ -p pipe ]] || fail 'mkfifo(1) with the library preloaded made no FIFO'
}

# complete WORD...: what completion offers for the last of them, in one line.
complete_words() {
    COMP_WORDS=("$prefix/bin/fifofuzz" "$@")
    COMP_CWORD=$#
    _fifofuzz
    printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
}

# offers WANTED WORD...: exactly that is offered; a last * stands for more.
offers() {
    local wanted=$1 got
    shift
    got=$(complete_words "$@")
    # shellcheck disable=SC2053 # a pattern
    [[ $got = $wanted ]] || fail "\"fifofuzz $*\" offers \"$got\" and not \"$wanted\""
}

completion() {
    install_and_move
    # shellcheck disable=SC1091 # made by the build
    . "$prefix/share/bash-completion/completions/fifofuzz"
    touch mine.so other.scn
    mkdir folder
    expect '_fifofuzz fifofuzz' 'what complete knows' "$(complete -p fifofuzz)"
    offers 'run' ru
    offers '*check*doctor*explain*' ''
    offers 'explain' help expl
    offers '--implementation' check --imp
    offers '*--help*--repeat*' repro -
    offers 'documented' run --contract d
    offers 'documented' run --contract = d
    offers 'documented linux posix' run --contract =
    offers 'scenario_text sequence' run s
    offers 'C-EEXIST-dangling' explain C-EEXIST-da
    offers 'C-EDQUOT' explain C-EDQ
    offers 'clauses' list cl
    offers 'canary-type-regular' check -i canary-type-reg
    offers 'mine.so' check -i mi
    offers 'folder' run --findings ''
    offers 'other.scn' show o
    offers '' frobnicate ''
    offers '' run --time ''
}

manual() {
    local section name title page said
    need man man-db
    install_and_move
    export MANPATH=$prefix/share/man MANWIDTH=80
    while read -r section name title; do
        page="man $section $name"
        said=$(man --warnings=w "$section" "$name" 2>"$temporary/warnings") || fail "$page"
        [[ ! -s $temporary/warnings ]] || fail "$page: $(cat "$temporary/warnings")"
        expect "$title" "$page" "$(tr -s ' ' <<<"$said")"
    done <<'EOF'
1 fifofuzz fifofuzz - find out
3fifofuzz mkfifo mkfifo, mkfifoat - create a FIFO
EOF
    expect 'fifofuzz run [TARGET]' 'the manual' "$(man 1 fifofuzz)"
    need mandoc mandoc
    mandoc -T lint -W style "$prefix"/share/man/man1/fifofuzz.1 \
        "$prefix"/share/man/man3/mkfifo.3fifofuzz || fail 'mandoc has complaints'
}

case $2 in
layout | commands | library | completion | manual) "$2" ;;
*) fail "there is no test called $2" ;;
esac
