/* models.h: models looked at byte by byte. */
#ifndef FYT_MODELS_H
#define FYT_MODELS_H

#include "support/support.h"

#include <ferry/nn.h>

/* The model of a file: its family, options and values. */
fy_model *fyt_model_open(const char *path);
/* Has parameter i of a the same bytes as b's of the same name? */
bool fyt_is_same_param(fy_model *a, fy_model *b, int i);
/* Fails unless between two models with the same names exactly the parameters that match the globs differ; `what` says where. */
void fyt_check_moved(fy_model *before, fy_model *after, const char *globs, const char *what);

#endif
