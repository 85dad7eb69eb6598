/* npy.c: one NumPy array file (NEP 1), versions 1 to 3, C order, little-endian numbers.
 *
 *   "\x93NUMPY", major, minor, header length (u16, or u32 from version 2), then a Python dictionary
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and the values.
 * The dictionary is looked through for its three keys and must hold nothing else. */
#include "data/data.h"

#include <ctype.h>
#include <string.h>

#define FILE_LIMIT ((size_t)16 << 30)

typedef struct header {
    fy_dtype type;
    fy_shape shape;
    bool has_type, has_order, has_shape;
} header;

typedef struct text {
    const char *p, *end;
} text;

static const struct {
    const char *name;
    fy_dtype type;
} types[] = {
    { "<f4", FY_F32 }, { "<f8", FY_F64 }, { "<i4", FY_I32 },
    { "<i8", FY_I64 }, { "|u1", FY_U8 },  { "<u1", FY_U8 },
};

static void skip_space(text *t)
{
    while (t->p < t->end && isspace((unsigned char)*t->p))
        t->p++;
}

static bool take(text *t, const char *word)
{
    const size_t n = strlen(word);

    skip_space(t);
    if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
        return false;
    t->p += n;
    return true;
}

static bool take_size(text *t, int64_t *v)
{
    const char *begin;

    skip_space(t);
    begin = t->p;
    for (*v = 0; t->p < t->end && isdigit((unsigned char)*t->p); t->p++) {
        if (*v > INT64_MAX / 10 - 1)
            return false;
        *v = *v * 10 + (*t->p - '0');
    }
    return t->p > begin;
}

/* (), (3,), (3, 4) */
static bool take_shape(text *t, fy_shape *s)
{
    *s = FY_SCALAR;
    if (!take(t, "("))
        return false;
    while (!take(t, ")")) {
        if (s->rank == FY_MAX_RANK || !take_size(t, &s->d[s->rank]))
            return false;
        s->rank++;
        if (!take(t, ",")) {
            return take(t, ")");
        }
    }
    return true;
}

static bool take_type(text *t, fy_dtype *type)
{
    char quoted[8];

    for (size_t i = 0; i < FYI_LEN(types); i++) {
        (void)snprintf(quoted, sizeof quoted, "'%s'", types[i].name);
        if (take(t, quoted)) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

static fy_status parse_dictionary(const char *name, text t, header *h)
{
    if (!take(&t, "{"))
        return fyi_fail(FY_EFORMAT, "'%s': the npy header is no dictionary", name);
    while (!take(&t, "}")) {
        if (take(&t, "'descr':") && !h->has_type) {
            h->has_type = take_type(&t, &h->type);
            if (!h->has_type)
                return fyi_fail(FY_EDTYPE,
                                "'%s': its values are %.*s; read are <f4, <f8, <i4, <i8 "
                                "and |u1 (save with .astype)",
                                name, (int)FYI_MIN(t.end - t.p, 8), t.p);
        } else if (take(&t, "'fortran_order':") && !h->has_order) {
            h->has_order = take(&t, "False");
            if (!h->has_order)
                return fyi_fail(FY_EFORMAT,
                                "'%s' is in Fortran order; save it with "
                                "numpy.ascontiguousarray",
                                name);
        } else if (take(&t, "'shape':") && !h->has_shape) {
            h->has_shape = take_shape(&t, &h->shape);
            if (!h->has_shape)
                return fyi_fail(FY_EFORMAT,
                                "'%s': the npy header's shape cannot be read, or has "
                                "more than %d axes",
                                name, FY_MAX_RANK);
        } else {
            return fyi_fail(FY_EFORMAT, "'%s': the npy header holds something unexpected", name);
        }
        (void)take(&t, ",");
    }
    if (!h->has_type || !h->has_order || !h->has_shape)
        return fyi_fail(FY_EFORMAT, "'%s': the npy header lacks descr, fortran_order or shape",
                        name);
    return fy_shape_check(&h->shape, h->type);
}

/* Where the dictionary lies. */
static fy_status find_header(const char *name, const uint8_t *p, size_t n, text *t)
{
    size_t begin, length;

    if (n < 10 || memcmp(p, "\x93NUMPY", 6) != 0)
        return fyi_fail(FY_EFORMAT, "'%s' is not an npy file: it does not begin with \\x93NUMPY",
                        name);
    if (p[6] < 1 || p[6] > 3)
        return fyi_fail(FY_EFORMAT, "'%s': npy version %d.%d, read are 1 to 3", name, p[6], p[7]);
    begin = p[6] == 1 ? 10 : 12;
    length = (size_t)p[8] | (size_t)p[9] << 8;
    if (begin == 12 && n >= 12)
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (n < begin || n - begin < length)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside its npy header; it was cut off", name);
    t->p = (const char *)p + begin;
    t->end = t->p + length;
    return FY_OK;
}

fy_status fyi_npy_parse(const char *name, const void *file, size_t n, fy_tensor **out)
{
    header h = { 0 };
    text t = { 0 };
    size_t left, bytes;

    *out = NULL;
    FYI_FORWARD(find_header(name, file, n, &t));
    FYI_FORWARD(parse_dictionary(name, t, &h));
    left = n - (size_t)(t.end - (const char *)file);
    bytes = fyi_shape_bytes(&h.shape, h.type);
    if (left != bytes)
        return fyi_fail(FY_EFORMAT, "'%s': its header promises %zu bytes of values, %zu follow",
                        name, bytes, left);
    FYI_FORWARD(fy_tensor_new(h.type, h.shape, out));
    if (bytes > 0)
        memcpy(fy_tensor_data(*out), t.end, bytes);
    return FY_OK;
}

fy_status fy_npy_read(const char *path, fy_tensor **out)
{
    char *file;
    size_t n;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &n));
    st = fyi_npy_parse(path, file, n, out);
    fyi_free(file);
    return st;
}
