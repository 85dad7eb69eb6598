/* freeze.h: parameters that never move, and what is computed once because of it. Public functions only. */
#ifndef FERRY_METHODS_FREEZE_H
#define FERRY_METHODS_FREEZE_H

#include <ferry/train.h>

/* `moves`, globs, without what `freeze`, globs or NULL, names: "*" without "a.* b.*" is "* !a.* !b.*". To be given to free(); NULL when
 * out of memory. */
char *freeze_from(const char *moves, const char *freeze);
/* Does every word of `freeze`, globs or NULL, say something about the model? FY_EINVAL names the first that does not;
 * `method` begins the sentence. */
fy_status freeze_check(const fy_model *m, const char *freeze, const char *method);
/* Do the globs let anything move? A value that is no running statistic? */
bool freeze_leaves_any(const fy_model *m, const char *moves);
bool freeze_leaves_values(const fy_model *m, const char *moves);
/* Do they let a norm's running mean or variance follow the batches? Where they do not, samples go through the model each by itself. */
bool freeze_leaves_statistics(const fy_model *m, const char *moves);

/* Where a model is looked at, of whose first part `moves` alone changes; NULL: all of it does. */
typedef struct freeze_look {
    fy_run *run;
    fy_device *dev;
    const char *moves;
} freeze_look;
#define FREEZE_LOOK_BATCH \
    250 /* samples at once, where nothing is learnt and so nothing depends on it but time and memory */
/* A predictor of a chain whose first model is that one: what stays of it is read from the run's features. */
fy_status freeze_predictor(const freeze_look *l, fy_model *const *chain, int n, int64_t batch,
                           fy_predictor **out);

#endif
