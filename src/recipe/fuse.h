/* fuse.h: what the keys of methods for several modalities are bound to: shared by the methods and their kind. */
#ifndef FYI_RECIPE_FUSE_H
#define FYI_RECIPE_FUSE_H

#include "recipe/recipe.h"

/* What of the samples' parts belongs together, and what of them goes missing. */
typedef struct fyi_pair_settings {
    const char *by, *anchor; /* anchor: a modality's name; "": chosen */
    bool keep_incomplete;
    fyi_seed seed;
    double test; /* share of the samples kept for the test, where it has no sides; 0: there is none */
    double drop, drop_test; /* shares, 0..1 */
} fyi_pair_settings;

typedef struct fyi_encoder_settings {
    const char *name; /* what the modality is called */
    fy_network_opts o;
} fyi_encoder_settings;

typedef struct fyi_fuse_options {
    fy_fuse_opts o; /* but for encoders and augment */
    fyi_pair_settings pair;
    fyi_encoder_settings encoder[FY_MAX_MODALITIES];
    fyi_augment_settings augment[FY_MAX_MODALITIES];
} fyi_fuse_options;
extern const fyi_key fyi_pair_keys[], fyi_encoder_keys[];
const char *const *fyi_fusion_words(void);
const char *const *fyi_encoder_words(void);
void fyi_fuse_defaults(void *to);

/* What the options of one modality of a run point to, and who points to it where there is something. */
typedef struct fyi_modality_room {
    fy_augment augment;
    fy_pixels pixels;
} fyi_modality_room;
fy_status fyi_fuse_modality(const fyi_method_site *at, const fyi_fuse_options *g, int m,
                            fyi_modality_room *room, fy_augment const **augment,
                            fy_pixels const **pixels);

static inline const fyi_fuse_options *fyi_fuse_options_of(const fyi_settings *s)
{
    return s->options;
}

static inline bool fyi_has_side(const fyi_settings *s, int i)
{
    return s->sections[1 + i].is_open;
}

/* pairing.c: in the order of fyi_recipe_data.parts. */
typedef struct fyi_split {
    int side; /* of the first modality */
    const char *what;
} fyi_split;
extern const fyi_split fyi_splits[FYI_SPLITS];
/* Modalities, of a recipe without gaps between them. */
int fyi_fuse_count(const fyi_settings *s);
/* -1 where no modality is called so. */
int fyi_fuse_find(const fyi_settings *s, const char *name);
fy_status fyi_fuse_need_labels(const fyi_recipe_data *d, int i);
/* Training samples give a part of them to validation and test, where these have no sides. */
fy_status fyi_fuse_part(const fyi_settings *s, fyi_recipe_data *d);
/* The sides of one split as samples of several parts. */
fy_status fyi_fuse_pair(const fyi_settings *s, const fyi_recipe_data *d, int split, fy_parts **out);
/* The same of any datasets, one for each modality; `name` is what their order follows from. */
fy_status fyi_fuse_pair_sides(const fyi_settings *s, const fy_dataset *const *sides,
                              const char *name, fy_parts **out);
bool fyi_fuse_is_by(const fyi_settings *s, const char *way);
/* Parts with a gap or of another number, sections of modalities that are not there, names that are there twice. */
fy_status fyi_fuse_check_names(const fyi_settings *s, const fyi_entries *t);
fy_status fyi_fuse_check_sections(const fyi_settings *s, const fyi_entries *t,
                                  const char *const *fronts);
fy_status fyi_fuse_check_modality(const fyi_settings *s, const fyi_entries *t, const char *key,
                                  const char *name);
/* How samples are paired, and the names that decide which goes with which. */
void fyi_fuse_data_text(const fyi_settings *s, fyi_buf *out);

#endif
