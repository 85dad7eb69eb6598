/* Guards the labels that SHOT gives a target (Liang et al. 2020, section 3.4): each row is a few points of the plane, what the model says of
 * them, and the labels that two rounds of centroids come to, worked by hand. */
#include "support/support.h"

#include "methods/carry/carry.h"

#include <math.h>
#include <string.h>

enum { N = 6, K = 3, D = 2 };

/* clang-format off */
/* Points of length 100 at an angle in degrees, which the appended 1 hardly turns. */
#define AT_0 { 100, 0 }
#define AT_30 { 87, 50 }
#define AT_40 { 77, 64 }
#define AT_50 { 64, 77 }
#define AT_60 { 50, 87 }
#define AT_90 { 0, 100 }

static const struct shot_case {
    const char *name;
    int n;
    float z[N][D];
    float p[N][K]; /* what the model says */
    int32_t label[N];
} cases[] = {
    /* First centroids at 5 and 68 degrees, and none of class 2. */
    { "a wrong prediction is mended", 4,
      { AT_0, AT_0, AT_30, AT_90 },
      { { 1, 0, 0 }, { 1, 0, 0 }, { 0.4F, 0.6F, 0 }, { 0, 1, 0 } },
      { 0, 0, 0, 1 } },
    /* The fourth is opposite to the only centroid, a cosine of -1, which is still more than that of classes that have none. */
    { "a class of nobody stays empty", 4,
      { AT_0, AT_0, AT_0, { -100, 0 } },
      { { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 } },
      { 1, 1, 1, 1 } },
    /* Class 2 is nobody's largest, but all it has lies at 90 degrees: its centroid; that of class 0 lies at 15, 4 to 1.1. */
    { "centroids are of what samples have of a class", 6,
      { AT_0, AT_0, AT_0, AT_0, AT_90, AT_90 },
      { { 1, 0, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 0.55F, 0, 0.45F }, { 0.55F, 0, 0.45F } },
      { 0, 0, 0, 0, 2, 2 } },
    /* First centroids at 22 and 51 degrees, between which 40 goes to class 1. Those of the labels are at 23 and 65: then it goes to 0. */
    { "the second round is of labels", 6,
      { AT_0, AT_30, AT_30, AT_30, AT_40, AT_90 },
      { { 1, 0, 0 }, { 0.5F, 0.5F, 0 }, { 0.5F, 0.5F, 0 }, { 0.5F, 0.5F, 0 }, { 0.5F, 0.5F, 0 }, { 0, 1, 0 } },
      { 0, 0, 0, 0, 0, 1 } },
    /* Centroids at 41 and 84 degrees: 50 and 60 go to class 0, where by lengths it would be that of the first alone. */
    { "a long feature weighs no more", 6,
      { { 10000, 0 }, AT_50, AT_50, AT_50, AT_60, AT_90 },
      { { 1, 0, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { 0.5F, 0.5F, 0 }, { 0, 1, 0 } },
      { 0, 0, 0, 0, 0, 1 } },
    /* With it their angles are 6, 11, 83, 84 and 84 degrees. */
    { "the appended 1 tells lengths on one ray apart", 5,
      { { 0.1F, 0 }, { 0.2F, 0 }, { 8, 0 }, { 9, 0 }, { 10, 0 } },
      { { 1, 0, 0 }, { 1, 0, 0 }, { 0.6F, 0.4F, 0 }, { 0, 1, 0 }, { 0, 1, 0 } },
      { 0, 0, 1, 1, 1 } },
};
/* clang-format on */

static fy_tensor *rows(int64_t n, int64_t d, const void *from)
{
    fy_tensor *t;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, d), &t));
    memcpy(fy_tensor_data(t), from, (size_t)(n * d) * sizeof(float));
    return t;
}

static void labels_are_of_the_nearest_centroid(void **state)
{
    const struct shot_case *row = *state;
    int32_t labels[N];
    carrying c = { .labels = labels };
    c.adapt.classes = K;
    c.adapt.target.z = rows(row->n, D, row->z);
    c.adapt.target.logits = rows(row->n, K, row->p);
    float *logits = fy_tensor_data(c.adapt.target.logits);
    for (int i = 0; i < row->n * K; i++)
        logits[i] = logits[i] > 0 ? logf(logits[i]) : -1000; /* whose share is 0 in double too */
    check_ok(carry_shot.label(&c));
    for (int i = 0; i < row->n; i++)
        if (labels[i] != row->label[i])
            fail_msg("sample %d is of class %d, expected %d", i, (int)labels[i], (int)row->label[i]);
    fy_tensor_free(c.adapt.target.logits);
    fy_tensor_free(c.adapt.target.z);
}

int main(void)
{
    struct CMUnitTest tests[LEN(cases)];
    for (size_t i = 0; i < LEN(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, labels_are_of_the_nearest_centroid, NULL,
                                        NULL, (void *)(uintptr_t)&cases[i] };
    return cmocka_run_group_tests_name("shot", tests, NULL, NULL);
}
