/* map.c: features of both domains, mapped by a method, as what the classifier learns: the encoder stays as it is, and so do the features. */
#include "methods/carry/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

fy_status carry_check_features(const carrying *c)
{
    const fy_shape *f = fy_model_output(c->encoder);
    if (f->rank == 1)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "%s: it maps features that are vectors, and a result of the family '%s' has %d "
                    "dimensions; take an encoder that ends in a layer of features",
                    c->method->name, fy_model_family(c->encoder), f->rank);
}

static fy_status look(const carrying *c, const fy_dataset *d, fy_tensor **z)
{
    const freeze_look by = carry_look(c);
    fy_predictor *p = NULL;
    fy_tensor **outs[] = { z };
    fy_status st;
    FY_TRY(freeze_predictor(&by, &c->source, 1, FREEZE_LOOK_BATCH, &p));
    FY_TRY(fy_predict(p, d, outs));
done:
    fy_predictor_free(p);
    return st;
}

static fy_status read_labels(const fy_dataset *d, fy_tensor **out)
{
    const int64_t n = fy_dataset_count(d);
    fy_status st;
    FY_TRY(fy_tensor_new(FY_I32, FY_SHAPE(n), out));
    int32_t *label = fy_tensor_data(*out);
    for (int64_t i = 0; i < n; i++)
        FY_TRY(fy_dataset_label(d, i, &label[i]));
done:
    return st;
}

static fy_status fill(carrying *c, carry_mapping *m)
{
    const int k = fy_dataset_classes(c->data->source);
    fy_status st;
    FY_TRY(look(c, c->data->source, &m->source));
    FY_TRY(look(c, c->data->target, &m->target));
    FY_TRY(read_labels(c->data->source, &m->labels));
    FY_TRY(fy_tensor_new(FY_F32, *fy_tensor_shape(m->source), &m->to));
    FY_TRY(c->method->map(m));
    FY_TRY(fy_dataset_from_tensors("mapped features", m->to, m->labels, k, &c->mapped));
done:
    return st;
}

fy_status carry_map(carrying *c)
{
    c->mapping = calloc(1, sizeof *c->mapping);
    if (!c->mapping)
        return fy_error(FY_ENOMEM, "%s: no memory for its map", c->method->name);
    c->mapping->run = c->run;
    c->mapping->stage = c->stage;
    c->mapping->o = c->o;
    return fill(c, c->mapping);
}

void carry_unmap(carrying *c)
{
    carry_mapping *m = c->mapping;
    fy_dataset_free(c->mapped);
    if (!m)
        return;
    fy_tensor *const all[] = { m->source, m->target, m->labels, m->to, m->mean, m->axes };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fy_tensor_free(all[i]);
    free(m);
}
