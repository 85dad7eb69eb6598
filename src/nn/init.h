/* First values: how a parameter is drawn, and the four choices that make a family's style, torchvision's. */
#ifndef FYI_INIT_H
#define FYI_INIT_H

#include <ferry/base.h>

typedef enum fyi_init_kind {
    FYI_INIT_CONSTANT, /* all `gain` */
    FYI_INIT_UNIFORM,  /* in +- gain / sqrt(fan) */
    FYI_INIT_NORMAL,   /* mean 0, deviation gain / sqrt(fan) */
    FYI_INIT_IDENTITY, /* `gain` where output and input are the same, in the middle of a window; else 0 */
} fyi_init_kind;

/* fan in: inputs of one output; fan out: outputs of one input; both times the window's area. */
typedef enum fyi_fan { FYI_FAN_ONE, FYI_FAN_IN, FYI_FAN_OUT } fyi_fan;

typedef struct fyi_init {
    fyi_init_kind kind;
    float gain;
    fyi_fan fan; /* FYI_FAN_ONE: 1 */
} fyi_init;

/* PyTorch's for weights and biases; those of variance 2 / fan are He et al. 2015, section 2.2. */
/* clang-format off */
#define FYI_INIT_ZERO       { FYI_INIT_CONSTANT, 0, FYI_FAN_ONE }
#define FYI_INIT_ONE        { FYI_INIT_CONSTANT, 1, FYI_FAN_ONE }
#define FYI_INIT_TORCH      { FYI_INIT_UNIFORM, 1, FYI_FAN_IN }
#define FYI_INIT_HE_IN      { FYI_INIT_NORMAL, 1.41421356f, FYI_FAN_IN }
#define FYI_INIT_HE_OUT     { FYI_INIT_NORMAL, 1.41421356f, FYI_FAN_OUT }
#define FYI_INIT_HE_UNIFORM { FYI_INIT_UNIFORM, 2.44948974f, FYI_FAN_IN }
#define FYI_INIT_NORMAL_01  { FYI_INIT_NORMAL, 0.01f, FYI_FAN_ONE }
/* clang-format on */

typedef struct fyi_init_style {
    fyi_init conv, conv_bias, linear, linear_bias;
} fyi_init_style;
extern const fyi_init_style fyi_style_torch; /* FYI_INIT_TORCH throughout */

typedef struct fyi_fans {
    float in, out;
} fyi_fans;

/* Fills v [n] from the stream. Number i is a function of the stream and i alone. */
void fyi_init_fill(fyi_init init, fyi_fans fans, const fy_rng *stream, float *v, int64_t n);

#endif
