/* groups.h: a model's parameters in groups from its head to its input, to be moved together. Public functions
 * only. */
#ifndef FERRY_METHODS_GROUPS_H
#define FERRY_METHODS_GROUPS_H

#include <ferry/nn.h>

#define GROUPS_MAX 16

/* Group 0 is the head, the model's last layer or, of an MLP (fy_model_edit), all of its; the layers before it are divided into n - 1 groups of nearly as many
 * blocks each, group 1 next to the head. A block is what stands before the first dot of a parameter's name
 * ("layer3"), or before the second in "features.7"; norms are of the block before them. */
typedef struct groups {
    int n;      /* at most one more than asked for */
    int *group; /* [parameters of the model] */
    fy_model *m;
} groups;

/* body: groups before the head, 1 to GROUPS_MAX - 1. Release with groups_release, always. */
fy_status groups_of(fy_model *m, int body, groups *g);
void groups_release(groups *g);
/* "g2": its name among an objective's learning rates. */
const char *groups_name(int group, char buf[8]);
/* The names of what groups 0 .. n_open - 1 hold and `freeze`, globs or NULL, does not match: globs for
 * fy_model_apply_moving and the like, to be given to free(). NULL when out of memory. */
char *groups_moves(const groups *g, int n_open, const char *freeze);

#endif
