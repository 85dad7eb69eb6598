/* distill_models.c: a distillation's networks: teachers, the student, and copies of either. */
#include "distill.h"

#include "groups.h"
#include "notes.h"
#include "pretrained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BLOCKS (GROUPS_MAX - 1)

bool distill_is_copy(const distill *d)
{
    return d->o->student.family == NULL;
}

bool distill_learns(const distill *d, int i)
{
    return !d->o->teachers[i].weights || d->o->teachers[i].learns;
}

/* ---- opening -------------------------------------------------------------------------------------------- */

static fy_model_opts options_of(const distill *d, const fy_network_opts *n, const fy_shape *input,
                                int64_t classes)
{
    fy_model_opts m = fy_model_defaults();
    m.input = *input;
    m.n_classes = classes;
    m.width = (float)n->width;
    m.dropout = (float)n->dropout;
    m.pool = n->pool;
    m.seed = d->o->seed;
    return m;
}

/* It will know the source's classes. */
static fy_status open_untrained(const distill *d, const char *family, const char *name,
                                const fy_model_opts *o, fy_model **out)
{
    fy_status st;
    FY_TRY(fy_model_open(family, name, o, out));
    FY_TRY(notes_set_classes(*out, d->data->source));
    FY_TRY(notes_set_pixels(*out, d->o->pixels));
done:
    return st;
}

/* What the caller says of a network whose file says it itself. */
static fy_status check_form(const fy_network_opts *n, const fy_weights *w)
{
    const struct {
        const char *name;
        bool is_given;
    } all[] = { { "width", n->width > 0 },
                { "dropout", n->dropout >= 0 },
                { "pool", n->pool != NULL },
                { "classes", n->classes > 0 } };
    for (size_t i = 0; i < sizeof all / sizeof *all && fy_weights_meta(w, "ferry.options"); i++)
        if (all[i].is_given)
            return fy_error(FY_EINVAL,
                            "distill: the teacher's %s is given, and its file, '%s', says it "
                            "itself; leave it out",
                            all[i].name, n->weights);
    return FY_OK;
}

/* With the options that its file names, where it has one. */
static fy_status open_teacher(distill *d, int i)
{
    const fy_network_opts *n = &d->o->teachers[i];
    const fy_dataset *seen = d->data->source_teacher ? d->data->source_teacher : d->data->source;
    const int64_t classes = n->classes > 0 ? n->classes : fy_dataset_classes(d->data->source);
    const fy_model_opts m = options_of(d, n, fy_dataset_shape(seen), classes);
    fy_weights *w = NULL;
    char name[16];
    fy_status st;
    snprintf(name, sizeof name, i ? "teacher-%d" : "teacher", i + 1);
    if (!n->weights && !n->family)
        return fy_error(FY_EINVAL, "distill: %s has neither a family nor weights; give one of them",
                        name);
    if (distill_learns(d, i) && n->family)
        return open_untrained(d, n->family, name, &m, &d->m.teachers[i]);
    FY_TRY(fy_weights_open_part(n->weights,
                                n->weights_part && *n->weights_part ? n->weights_part : NULL, &w));
    FY_TRY(check_form(n, w));
    FY_TRY(fy_model_open_saved(w, n->family, name, &m, &d->m.teachers[i]));
    if (n->family && strcmp(n->family, fy_model_family(d->m.teachers[i])) != 0)
        st = fy_error(FY_EINVAL,
                      "distill: '%s' is of family %s, and %s is to be %s; leave out the family",
                      n->weights, fy_model_family(d->m.teachers[i]), name, n->family);
done:
    fy_weights_close(w);
    return st;
}

static fy_status open_teachers(distill *d)
{
    fy_status st = FY_OK;
    for (int i = 0; i < d->o->n_teachers; i++) {
        FY_TRY(open_teacher(d, i));
        FY_TRY(fy_run_keep(d->run, d->m.teachers[i]));
    }
done:
    return st;
}

/* T's family and options, with a head for all classes. */
static fy_status open_like_teacher(const distill *d, const char *name, const char *edits,
                                   fy_model **out)
{
    fy_model *t = d->m.teachers[0];
    fy_model_opts m = *fy_model_options(t);
    fy_status st;
    m.n_classes = d->domains.n_classes;
    m.seed = d->o->seed;
    m.edits = edits ? edits : m.edits;
    FY_TRY(fy_model_open(fy_model_family(t), name, &m, out));
    FY_TRY(domains_note(&d->domains, d->o->pixels, *out));
done:
    return st;
}

static fy_status open_student(distill *d)
{
    const fy_network_opts *n = &d->o->student;
    fy_model_opts m = options_of(d, n, fy_dataset_shape(d->data->source), d->domains.n_classes);
    fy_status st;
    m.edits = n->edit;
    if (distill_is_copy(d))
        return open_like_teacher(d, "student", n->edit, &d->m.student);
    FY_TRY(fy_model_open(n->family, "student", &m, &d->m.student));
    FY_TRY(domains_note(&d->domains, d->o->pixels, d->m.student));
done:
    return st;
}

/* The head and the block before it. */
static fy_status choose_moves(distill *d)
{
    groups g = { 0 };
    fy_status st;
    const char *given = d->o->moves ? d->o->moves : distill_is_copy(d) ? NULL : "*";
    if (given) {
        d->m.moves = malloc(strlen(given) + 1);
        if (d->m.moves)
            memcpy(d->m.moves, given, strlen(given) + 1);
        st = FY_OK;
    } else {
        FY_TRY(groups_of(d->m.student, BODY_BLOCKS, &g));
        d->m.moves = groups_moves(&g, 2, NULL);
    }
    if (!d->m.moves)
        st = fy_error(FY_ENOMEM, "no memory for the names of what moves");
done:
    groups_release(&g);
    return st;
}

static fy_status check_moves(const distill *d)
{
    for (int i = 0; i < fy_model_count(d->m.student); i++)
        if (fy_glob(d->m.moves, fy_model_param_name(d->m.student, i)))
            return FY_OK;
    return fy_error(
        FY_EINVAL,
        "distill: moves is '%s', which names no parameter of the student; the first is '%s', "
        "'ferry inspect --model %s' lists them",
        d->m.moves, fy_model_param_name(d->m.student, 0), fy_model_family(d->m.student));
}

static fy_status open_copies(distill *d)
{
    const bool has_target = d->data->target != NULL;
    distill_models *m = &d->m;
    fy_status st = FY_OK;
    if (d->o->l2_sp > 0 && (distill_is_copy(d) || d->o->student.weights))
        FY_TRY(fy_model_clone(m->student, "start", &m->start));
    if (has_target && d->o->rounds > 0)
        FY_TRY(fy_model_clone(m->student, "redistilled", &m->redistilled));
    if (m->redistilled && d->o->rounds > 1)
        FY_TRY(fy_model_clone(m->student, "before", &m->before));
    if (has_target && d->o->finetuned)
        FY_TRY(open_like_teacher(d, "finetuned", NULL, &m->finetuned));
done:
    return st;
}

/* When all are open: what a resumed run knows of the student is no beginning of its copies. */
static fy_status keep_students(distill *d)
{
    fy_model *const all[] = { d->m.student, d->m.start, d->m.redistilled, d->m.before,
                              d->m.finetuned };
    fy_status st = FY_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            FY_TRY(fy_run_keep(d->run, all[i]));
done:
    return st;
}

fy_status distill_open_models(distill *d)
{
    fy_status st;
    FY_TRY(open_teachers(d));
    FY_TRY(open_student(d));
    FY_TRY(choose_moves(d));
    FY_TRY(check_moves(d));
    FY_TRY(open_copies(d));
    FY_TRY(keep_students(d));
done:
    return st;
}

void distill_close_models(distill *d)
{
    for (int i = 0; i < FY_MAX_TEACHERS; i++)
        fy_model_free(d->m.teachers[i]);
    fy_model_free(d->m.student);
    fy_model_free(d->m.redistilled);
    fy_model_free(d->m.finetuned);
    fy_model_free(d->m.before);
    fy_model_free(d->m.start);
    free(d->m.moves);
    d->m = (distill_models){ 0 };
}

/* ---- values --------------------------------------------------------------------------------------------- */

fy_status distill_load_teachers(distill *d)
{
    fy_status st = FY_OK;
    for (int i = 0; i < d->o->n_teachers; i++) {
        const fy_network_opts *n = &d->o->teachers[i];
        const pretrained_file file = { .path = n->weights,
                                       .part = n->weights_part,
                                       .prefix = n->weights_prefix };
        const fy_fit_opts how = n->learns ? fy_fit_defaults() : fy_fit_strict();
        if (n->weights)
            FY_TRY(pretrained_load_file(d->m.teachers[i], &file, how, NULL));
    }
done:
    return st;
}

static bool has_equal_rows(const fy_shape *a, const fy_shape *b)
{
    for (int i = 1; i < a->rank && a->rank == b->rank; i++)
        if (a->d[i] != b->d[i])
            return false;
    return a->rank == b->rank;
}

/* The rows that both have: the classes of T are the first of the copy's. */
static fy_status copy_rows(fy_param *to, fy_param *from)
{
    const int64_t n = fy_shape_numel(fy_param_shape(to)), m = fy_shape_numel(fy_param_shape(from));
    float *v = calloc((size_t)(n > m ? n : m) + 1, sizeof *v);
    fy_status st;
    if (!v)
        return fy_error(FY_ENOMEM, "no memory for '%s'", fy_param_name(to));
    if (!has_equal_rows(fy_param_shape(to), fy_param_shape(from))) {
        st = fy_error(FY_EINVAL,
                      "distill: rows of the student's '%s' have another length than the teacher's; "
                      "let an edit replace its layer too",
                      fy_param_name(to));
        goto done;
    }
    FY_TRY(fy_param_read(to, v, n));
    if (m <= n)
        FY_TRY(fy_param_read(from, v, m));
    FY_TRY(fy_param_write(to, v, n));
done:
    free(v);
    return st;
}

fy_status distill_copy(fy_model *to, fy_model *from)
{
    fy_status st = FY_OK;
    for (int i = 0; i < fy_model_count(to); i++) {
        fy_param *value = fy_model_find(from, fy_model_param_name(to, i));
        if (fy_model_param_edit(to, i)) /* a new layer's, whatever stood there */
            continue;
        if (!value)
            return fy_error(FY_EINVAL, "distill: '%s' has no '%s', which '%s' is to copy",
                            fy_model_name(from), fy_model_param_name(to, i), fy_model_name(to));
        FY_TRY(copy_rows(fy_model_param(to, i), value));
    }
done:
    return st;
}

/* A copy, or a network of its own with what fits of its file. */
fy_status distill_begin_student(distill *d)
{
    const fy_network_opts *n = &d->o->student;
    const pretrained_file file = { .path = n->weights,
                                   .part = n->weights_part,
                                   .prefix = n->weights_prefix };
    fy_status st = FY_OK;
    if (distill_is_copy(d))
        FY_TRY(distill_copy(d->m.student, d->m.teachers[0]));
    else if (n->weights)
        FY_TRY(pretrained_load_file(d->m.student, &file, fy_fit_defaults(), NULL));
    if (d->m.start)
        FY_TRY(fy_model_copy(d->m.start, d->m.student));
done:
    return st;
}
