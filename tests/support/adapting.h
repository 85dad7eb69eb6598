/* Drawn digits to adapt to, of another style than the source's, and a run with a judge around a method. */
#ifndef FYT_ADAPTING_H
#define FYT_ADAPTING_H

#include "support/stopper.h"

#include <ferry/adapt.h>

typedef struct fyt_adapting {
    fy_device *dev;
    fy_dataset *source, *source_test, *target, *unlabelled;
    fy_judge *judge;
    fy_adapt_opts o;
    bool is_alone;         /* nothing of the source is given */
    fy_features *features; /* lent; NULL: the run's own */
} fyt_adapting;

/* n samples of each domain, and a method that takes few steps. */
fyt_adapting fyt_adapting_open(int64_t n);
void fyt_adapting_close(fyt_adapting *s);
/* A new judge, and the run; stop: NULL, or where it is stopped. */
fy_run *fyt_adapting_begin(fyt_adapting *s, const char *dir, bool resume, fyt_stopper *stop);
fy_adapt_data fyt_adapting_data(const fyt_adapting *s);
/* Closes the run, scores the report, and returns st. */
fy_status fyt_adapting_end(fyt_adapting *s, fy_run *r, fy_status st, fy_adapt_report *report);
/* All of it around fy_adapt. */
fy_status fyt_adapting_run(fyt_adapting *s, const char *dir, bool resume, fyt_stopper *stop,
                           fy_adapt_report *report);

/* The names among file's tensors whose values are others in `model` of the directory's checkpoint, with blanks between; how many of
 * them. */
int fyt_list_changed(const char *file, const char *dir, const char *model, fyi_buf *names);

#endif
