/* words.h: a text of names with blanks between them. Public functions only. */
#ifndef FERRY_METHODS_WORDS_H
#define FERRY_METHODS_WORDS_H

#include <ferry/base.h>

#define WORDS_MAX 8
typedef struct words {
    char text[512];
    const char *v[WORDS_MAX];
    int n;
} words;

/* FY_EINVAL for more than `most` names, a comma, or more letters than there is room for; `what` names the text in the sentence. NULL:
 * no words. */
fy_status words_of(const char *text, int most, const char *what, words *out);

#endif
