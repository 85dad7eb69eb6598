/* Values that are functions of names and positions, the same here and in tests/golden/make_models.py: golden files hold results
 * alone. */
#ifndef FYT_NUMBERS_H
#define FYT_NUMBERS_H

#include <ferry/nn.h>

/* n numbers in [-1, 1) by the name; fyi_free. */
float *fyt_numbers(const char *name, int64_t n);
/* Every parameter by its name: He's variance for weights; statistics and scales around where training puts them. */
void fyt_fill_model(fy_model *m);

#endif
