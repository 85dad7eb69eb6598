# Commands of a document, for tests that it does what it says.

commands() { # commands DOC TITLE: of one section, or before the first of them where TITLE is empty, each on a line
    awk -v title="${2:+## $2}" '
        BEGIN { inside = title == "" }
        /^## / { inside = $0 == title }
        inside && (/^    ferry / || goes_on) {
            goes_on = sub(/ *\\$/, "")
            sub(/^ */, goes_on && !begun ? "" : " ")
            printf "%s", $0
            begun = goes_on
            if (!goes_on)
                print ""
        }' "$FERRY_SOURCE/docs/$1"
}
