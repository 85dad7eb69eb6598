/* hdnet.h: what the keys of staged multimodal distillation are bound to: shared by the method, its kind and its domains. */
#ifndef FYI_RECIPE_HDNET_H
#define FYI_RECIPE_HDNET_H

#include "recipe/fuse.h"

/* Shares of a target's samples, and of all samples that are its where nothing else says which. */
typedef struct fyi_domain_settings {
    double sets[FYI_DOMAIN_SETS];
    double of_source;
} fyi_domain_settings;

typedef struct fyi_shift_settings {
    fy_shift_opts o;
    fyi_seed seed;
} fyi_shift_settings;

typedef struct fyi_hdnet_options {
    fyi_fuse_options fuse; /* first: pairing, encoders and augmentation are those of fuse.h */
    fy_hdnet_opts o;
    fyi_ints milestones;
    const char *freeze;
    fyi_domain_settings domain;
    fyi_shift_settings shift[FY_MAX_MODALITIES];
} fyi_hdnet_options;

static inline const fyi_hdnet_options *fyi_hdnet_options_of(const fyi_settings *s)
{
    return s->options;
}

/* ---- domains.c --------------------------------------------------------------------------------- */

/* Sides of targets that `held_out` stands for: a modality whose samples have groups gives the target those. */
fy_status fyi_domains_settle(fyi_settings *s, fyi_arena *arena);
/* Where every modality of every target comes from is said, and said once. */
fy_status fyi_domains_check(const fyi_settings *s, const fyi_entries *t);
/* Is the side's name of a domain in its files' names? */
bool fyi_domains_opens(const fyi_settings *s, int side);
/* Targets whose samples are a share of the source's get them. */
fy_status fyi_domains_part(const fyi_settings *s, fyi_recipe_data *d);
/* Every target's sets. */
fy_status fyi_domains_open(const fyi_settings *s, fyi_recipe_data *d);

/* ---- overlap.c --------------------------------------------------------------------------------- */

/* The name of a sample that both have, of one name and value for value, lent by a; NULL: none was found. */
fy_status fyi_overlap_find(const fy_dataset *a, const fy_dataset *b, const char **found);

#endif
