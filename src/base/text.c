/* text.c: name patterns, "did you mean", and where a text may be cut. */
#include "base/base.h"

#include <string.h>

/* One pattern, [glob, glob_end). On a mismatch the last star swallows one more character; earlier
 * stars never need another try, so the cost is at most pattern times name. */
static bool matches(const char *glob, const char *glob_end, const char *name)
{
    const char *star = NULL, *resume = NULL;

    while (*name) {
        if (glob < glob_end && *glob == '*') {
            star = ++glob;
            resume = name;
        } else if (glob < glob_end && (*glob == '?' || *glob == *name)) {
            glob++;
            name++;
        } else if (star) {
            glob = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (glob < glob_end && *glob == '*')
        glob++;
    return glob == glob_end;
}

bool fy_glob(const char *globs, const char *name)
{
    bool matched = false;

    while (globs && *globs) {
        const size_t len = strcspn(globs, " ");
        const bool is_not = *globs == '!';

        if (len > is_not && matches(globs + is_not, globs + len, name))
            matched = !is_not;
        globs += len;
        globs += strspn(globs, " ");
    }
    return matched;
}

#define WORD_CHARS 64 /* longer words are nobody's typing mistake */

/* Levenshtein's distance, one row of the table at a time. b is shorter than WORD_CHARS. */
static size_t edit_distance(const char *a, const char *b)
{
    const size_t n = strlen(b);
    size_t row[WORD_CHARS];

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            const size_t change = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            row[j + 1] = FYI_MIN(change, FYI_MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[n];
}

const char *fyi_nearest(const char *word, const char *const *names)
{
    const size_t word_len = strlen(word);
    const char *nearest = NULL;
    size_t least = SIZE_MAX;

    for (; *names; names++) {
        const size_t len = strlen(*names);
        size_t distance;

        if (len >= WORD_CHARS || word_len >= WORD_CHARS)
            continue;
        distance = edit_distance(word, *names);
        if (distance <= FYI_MAX(len, word_len) / 3 && distance < least) {
            least = distance;
            nearest = *names;
        }
    }
    return nearest;
}

/* ---- cutting --------------------------------------------------------------------------------- */

static bool is_inside_char(char c)
{
    return ((unsigned char)c & 0xc0u) == 0x80u;
}

/* Byte `most` is there, so that it says whether a character goes on. */
static size_t find_cut(const char *text, size_t most)
{
    while (most > 0 && is_inside_char(text[most]))
        most--;
    return most;
}

int fyi_whole_chars(const char *text, int most)
{
    const size_t n = strnlen(text, (size_t)most + 1);

    return (int)(n <= (size_t)most ? n : find_cut(text, (size_t)most));
}

void fyi_mark_cut(char *to, size_t bytes)
{
    memcpy(to + find_cut(to, bytes - sizeof "..."), "...", sizeof "...");
}

void fy_text_copy(char *to, size_t bytes, const char *text)
{
    const size_t n = strnlen(text, bytes);

    memcpy(to, text, FYI_MIN(n + 1, bytes));
    if (n == bytes)
        fyi_mark_cut(to, bytes);
}
