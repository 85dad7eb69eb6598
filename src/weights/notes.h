/* notes.h: what a file says of a model's pictures and classes. */
#ifndef FYI_WEIGHTS_NOTES_H
#define FYI_WEIGHTS_NOTES_H

#include "base/base.h"

#include <ferry/weights.h>

/* ferry.pixels and ferry.classes, where the model has them. */
fy_status fyi_notes_add(const fy_model *m, fy_weights_file *f);
/* The first of them alone, of no model; false: the file has none that can be read. */
bool fyi_notes_pixels(const fy_weights *w, fy_pixels *out);
/* The same back into a model of as many classes; nothing where the file has none. */
fy_status fyi_notes_read(const fy_weights *w, fy_model *m);

#endif
