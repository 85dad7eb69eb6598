/* limits.h: options that are numbers: what they are called, and what they may be. Public functions only. */
#ifndef FERRY_METHODS_LIMITS_H
#define FERRY_METHODS_LIMITS_H

#include <ferry/methods.h>

typedef struct limit {
    const char *name;
    double value, least, most;
} limit;

/* FY_EINVAL names the first that is outside, or no number; `method` begins the sentence. */
fy_status limits_check(const char *method, const limit *l, size_t n);

#endif
