/* What the drawn digits' files share: strokes in unit coordinates, and the painter. */
#ifndef FYI_DIGITS_H
#define FYI_DIGITS_H

#include "data/data.h"

/* x to the right, y down; a digit's strokes lie within about -0.6 .. 0.6 by -1 .. 1. */
typedef struct fyi_point {
    double x, y;
} fyi_point;

typedef struct fyi_segment {
    fyi_point a, b;
} fyi_segment;

#define FYI_DIGIT_SEGMENTS 128

/* Writes one of the forms of `digit`, its points displaced by up to `wobble`, as straight pieces;
 * returns how many, at most FYI_DIGIT_SEGMENTS. */
int fyi_digit_strokes(int digit, double wobble, fy_rng *r, fyi_segment *out);

/* Floats of scratch that fyi_digit_paint needs. */
size_t fyi_digit_scratch(int64_t size_px);
/* x [channels, size, size], multiples of 1/255 in 0 .. 1 */
void fyi_digit_paint(fy_digit_style style, int digit, int64_t size_px, int64_t channels, fy_rng *r,
                     float *x, float *scratch);
/* 3 for a coloured style, else 1. */
int64_t fyi_digit_channels(fy_digit_style style);

#endif
