/* notes.h: what a model remembers of the data that it learnt from. Public functions only. */
#ifndef FERRY_METHODS_NOTES_H
#define FERRY_METHODS_NOTES_H

#include <ferry/methods.h>

/* The names of d's classes; m has as many. */
fy_status notes_set_classes(fy_model *m, const fy_dataset *d);
/* How its pictures were prepared; nothing for NULL. */
fy_status notes_set_pixels(fy_model *m, const fy_pixels *pixels);

#endif
