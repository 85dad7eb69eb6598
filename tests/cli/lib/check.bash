# What the command's tests share. Each runs in a folder of its own, which is emptied first.
#
#   expect CODE ARG...   runs ferry; the exit code must be CODE. Output in out.txt and err.txt
#   says FILE TEXT       FILE holds TEXT
set -u
find . -mindepth 1 -delete
unset FERRY_DATA
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

expect() {
    local want=$1 got
    shift
    "$FERRY" "$@" >out.txt 2>err.txt
    got=$?
    if [ "$got" -ne "$want" ]; then
        fail "ferry $*: exit code $got, expected $want"
        cat out.txt err.txt
    fi
    if grep -qE 'AddressSanitizer|runtime error|LeakSanitizer' err.txt; then
        fail "ferry $*: sanitizer"
        cat err.txt
    fi
}

says() {
    if ! grep -qF -- "$2" "$1"; then
        fail "$1 does not say: $2"
        cat "$1"
    fi
}

is_empty() {
    [ ! -s "$1" ] || { fail "$1 is not empty"; cat "$1"; }
}

# The last line of stdout is one JSON object that has all the keys named.
json_has() {
    local line key
    line=$(tail -n 1 out.txt)
    case $line in
    '{'*'}') ;;
    *) fail "the last line is no JSON object: $line" ;;
    esac
    for key in "$@"; do
        case $line in
        *"\"$key\":"*) ;;
        *) fail "no \"$key\" in: $line" ;;
        esac
    done
}

# A run of a second or two.
small='adda.source_epochs=1 adda.steps=4 adda.evaluations=2 source.n=128 source_test.n=64 target.n=128'

finish() {
    [ "$failures" -eq 0 ] || exit 1
    echo "all as expected"
}
