/* parts.h: samples that consist of several parts, one of each modality: a picture and a sound, two sensors.
 *
 *   modality   where parts come from; modality m of every sample has its own shape and its own encoder
 *
 * Any part of any sample may be missing. Models for several modalities are encoders and a fusion (ferry/nn.h). */
#ifndef FERRY_PARTS_H
#define FERRY_PARTS_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- samples ------------------------------------------------------------------------------------------ */

/* One dataset for each modality, of the same samples in the same order. Never changes once made. */
typedef struct fy_parts fy_parts;

typedef enum fy_pairing {
    FY_PAIR_NUMBER, /* the i-th samples of all datasets belong together */
    /* Those of one key (fy_dataset_key); where there are none, of one name, without folders and what follows the first '.':
     * "dog/7_george.wav", "7_george.png". */
    FY_PAIR_KEY,
    /* Any of one class: no sample is really a sample of both, and only classes are in common (MNIST and spoken digits). Every
     * sample of `anchor` is shown once; the others of its class come in a random order, none again before all were there. */
    FY_PAIR_LABEL
} fy_pairing;

typedef struct fy_parts_opts {
    fy_pairing by;
    /* By key: samples stay of which some part is missing; false: they are left out. Its labels are those of what is there. */
    bool keep_incomplete;
    int anchor; /* by label: a modality; -1: the first that has groups, else the one with fewest samples */
    uint64_t seed; /* by label */
} fy_parts_opts;
FY_API fy_parts_opts fy_parts_defaults(void); /* by number; complete samples; anchor -1, seed 0 */

/* d [n], lent for the call, and what each modality is called, copied. All must have the same classes, or none labels; what
 * belongs together must be of one class and, where groups are known, of one group. Pair training, validation and test samples by
 * themselves, so that no part is in two of them. FY_EINVAL names the first sample that does not fit. */
FY_API FY_NODISCARD fy_status fy_parts_open(const fy_dataset *const *d, const char *const *names,
                                            int n, const fy_parts_opts *o, fy_parts **out);
FY_API void fy_parts_free(fy_parts *p); /* accepts NULL */
FY_API int fy_parts_modalities(const fy_parts *p);
FY_API int64_t fy_parts_count(const fy_parts *p);
FY_API const char *fy_parts_name(const fy_parts *p, int m);
/* Count samples, with labels and groups; where the part is missing that of another sample stands in. Lent. */
FY_API const fy_dataset *fy_parts_dataset(const fy_parts *p, int m);
/* [count], 1 where modality m is there, else 0. Lent. */
FY_API const float *fy_parts_there(const fy_parts *p, int m);
/* Leaves out each part of a share of the samples, 0 to below 1, by seed, but always leaves one. What is missing stays so. */
FY_API FY_NODISCARD fy_status fy_parts_drop(const fy_parts *p, double share, uint64_t seed,
                                            fy_parts **out);

/* Samples index[0..n-1] in that order, n >= 1; parts that are missing stay so. FY_EINVAL for a number that there is not. */
FY_API FY_NODISCARD fy_status fy_parts_subset(const fy_parts *p, const int64_t *index, int64_t n,
                                              fy_parts **out);
/* The same samples without labels: nothing made from it can reach them. */
FY_API FY_NODISCARD fy_status fy_parts_unlabel(const fy_parts *p, fy_parts **out);

#ifdef __cplusplus
}
#endif
#endif
