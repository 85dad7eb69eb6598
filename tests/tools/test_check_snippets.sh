#!/bin/sh
# Guards tools/check-snippets: it must pass on this tree and see each way in which code in a document
# can differ from the program it is said to be cut from.
set -eu
check="$FERRY_SOURCE/tools/check-snippets"
"$check" "$FERRY_SOURCE"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
printf 'int f(void)\n{\n    if (a)\n        b();\n\n    return 1;\n}\n' > "$root/f.c"

# expect <passes|line of the offence> <lines of page.md>...
expect() {
    want=$1
    shift
    printf '%s\n' "$@" > "$root/page.md"
    if said=$("$check" "$root" 2>&1); then got=passes; else got=${said#page.md:}; fi
    if [ "${got%%:*}" != "$want" ]; then
        echo "expected $want but found: $said"
        cat "$root/page.md"
        exit 1
    fi
}

from='<!-- from: f.c -->'
expect passes 'words' "$from" '```c' 'int f(void)' '{' '    if (a)' '```'
expect passes "$from" '' '```c' 'if (a)' '    b();' '' 'return 1;' '```' 'words'
expect passes "$from" '```c' '{' '...' '    return 1;' '}' '```'
expect passes '```' 'output' '```' '```sh' 'command' '```'
expect 4 "$from" '```c' 'if (a)' '    c();' '```'
expect 4 "$from" '```c' 'if (a)' 'b();' '```'
expect 4 "$from" '```c' '    b();' 'return 1;' '```'
expect 5 "$from" '```c' 'return 1;' '...' 'if (a)' '```'
expect 5 "$from" '```c' '    return 1;' '}' 'int g(void)' '```'
expect 2 '<!-- from: gone.c -->' '```c' 'int f(void)' '```'
expect 1 '```c' 'int f(void)' '```'
expect 3 "$from" 'words' '```c' 'int f(void)' '```'
expect 5 "$from" '```c' 'int f(void)' '```' '```c' 'int f(void)' '```'
echo "check-snippets tells right from wrong"
