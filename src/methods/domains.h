/* domains.h: the two sides that a distilled network has to know: where its teacher is at home, and where it is to work.
 * Public functions only. */
#ifndef FERRY_METHODS_DOMAINS_H
#define FERRY_METHODS_DOMAINS_H

#include <ferry/methods.h>

typedef struct domain {
    const fy_dataset *train, *val,
        *test;    /* labelled; train NULL: there is no such domain; test may be NULL */
    int first, n; /* its classes are the columns first .. first + n - 1 of the logits */
} domain;

enum { DOMAIN_SOURCE, DOMAIN_TARGET, DOMAINS };

typedef struct domains {
    domain v[DOMAINS];
    int n_classes;  /* of both: as many as the source's where it has the target's */
    bool is_shared; /* the source has the target's classes */
} domains;

/* A target whose classes are some of the source's, by their names and in its order, has their columns; one that has none of them
 * gets its own, behind the source's. FY_EINVAL for what is neither, FY_EINVAL or FY_ESHAPE where the sides cannot go through one network. `method` begins sentences. */
fy_status domains_of(const fy_distill_data *data, const char *method, domains *out);
/* The names of all classes and how pictures are prepared, for m to remember. */
fy_status domains_note(const domains *d, const fy_pixels *pixels, fy_model *m);

/* The share of d's samples whose largest logit among the domain's columns is the label's, by a predictor of [n, columns];
 * NaN for d NULL, and where those columns are not there. */
fy_status domain_accuracy(const domain *of, const fy_dataset *d, fy_predictor *p, int columns,
                          double *accuracy);
/* 2 s t / (s + t), or s where there is no t. */
double domains_score(double source, double target);

#endif
