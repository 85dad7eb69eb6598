/* fit.h: what the files that hold a weights file against a model share. */
#ifndef FYI_FIT_H
#define FYI_FIT_H

#include "weights/weights.h"

/* prefix.c: the prefix that makes most of the model's names and shapes fit; copied into `texts`. names [the model's
 * parameters]: what the file calls them behind it. */
fy_status fyi_fit_prefix(const fy_model *m, const char *const *names, const fy_weights *w,
                         fyi_arena *texts, const char **prefix);
/* PyTorch's files count the batches that a batch norm has seen; Ferry does not need to know. */
bool fyi_is_batch_count(const char *name);
/* Is it read from the file? */
bool fyi_is_taken(fy_fit_kind k);
int fyi_count_taken(const fy_fit *fit);
/* model_open.c: the edits of the model that the file was saved from; NULL: none, or it does not say. */
fy_status fyi_saved_edits(const fy_weights *w, fyi_arena *arena, const char **out);
/* As many rows as the model has classes, another number in the file, and otherwise alike. */
bool fyi_is_other_head(const fy_model *m, const fy_shape *in_model, const fy_shape *in_file);

/* fit_text.c: fit->text, fit->summary and fit->json, in `texts`. */
fy_status fyi_fit_describe(fy_fit *fit, fyi_arena *texts);
/* "; the file lacks 2 of the model's tensors, the first is ...; do this" */
void fyi_fit_complain(fyi_buf *b, const fy_model *m, const fy_weights *w, const fy_fit *fit);

#endif
