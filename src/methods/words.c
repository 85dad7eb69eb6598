/* words.c: a text of names with blanks between them. */
#include "words.h"

#include <string.h>

fy_status words_of(const char *text, int most, const char *what, words *out)
{
    const size_t bytes = text ? strlen(text) + 1 : 1;
    out->n = 0;
    if (bytes > sizeof out->text)
        return fy_error(FY_EINVAL, "%s: %zu letters; expected at most %zu", what, bytes - 1,
                        sizeof out->text - 1);
    if (text && strchr(text, ','))
        return fy_error(FY_EINVAL, "%s: '%s' has a comma; blanks separate names", what, text);
    memcpy(out->text, text ? text : "", bytes);
    for (char *at = out->text + strspn(out->text, " "); *at; at += strspn(at, " ")) {
        if (out->n == most)
            return fy_error(FY_EINVAL, "%s: '%s' names more than %d; leave some out", what, text,
                            most);
        out->v[out->n++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return FY_OK;
}
