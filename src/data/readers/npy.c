/* npy.c: one NumPy array file (NEP 1), versions 1 to 3.
 *
 *   "\x93NUMPY", major, minor, header length (u16, or u32 from version 2), then a Python dictionary
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and the numbers.
 * The dictionary is looked through for its three keys and must hold nothing else. */
#include "data/data.h"

#include <ctype.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6u
#define HEADER_LIMIT ((size_t)1 << 20)
#define TYPE_CHARS 16

typedef struct header {
    fyi_view view;
    bool has_type, has_order, has_shape, columns_first;
} header;

typedef struct text {
    const char *p, *end;
} text;

/* NumPy's names and ours. */
static const struct {
    const char *code, *name;
} types[] = {
    { "f2", "F16" }, { "f4", "F32" }, { "f8", "F64" }, { "i1", "I8" },
    { "i2", "I16" }, { "i4", "I32" }, { "i8", "I64" }, { "u1", "U8" },
    { "u2", "U16" }, { "u4", "U32" }, { "u8", "U64" }, { "b1", "BOOL" },
};

/* ---- the dictionary -------------------------------------------------------------------------- */

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

/* 12, or 12L by Python 2. */
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
    if (t->p == begin)
        return false;
    (void)take(t, "L");
    return true;
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
        if (!take(t, ","))
            return take(t, ")");
    }
    return true;
}

/* '<f4' without its quotes; anything that is not a short text in single quotes gives "". */
static void take_quoted(text *t, char word[TYPE_CHARS])
{
    const char *end;
    size_t n;

    word[0] = '\0';
    if (!take(t, "'"))
        return;
    end = memchr(t->p, '\'', (size_t)(t->end - t->p));
    n = end ? (size_t)(end - t->p) : TYPE_CHARS;
    if (n >= TYPE_CHARS)
        return;
    memcpy(word, t->p, n);
    word[n] = '\0';
    t->p += n + 1;
}

static fy_status refuse_type(const char *name, const char *word, const text *rest)
{
    if (word[0] != '\0' && word[1] == 'O')
        return fyi_fail(FY_EDTYPE,
                        "'%s' holds Python objects, which only Python can read; save numbers "
                        "(.astype('float32'))",
                        name);
    if (word[0] == '\0')
        return fyi_fail(
            FY_EDTYPE,
            "'%s': its numbers are of a compound type (%.*s...), Ferry reads one simple "
            "type; save each field as an array of its own",
            name, (int)FYI_MIN(rest->end - rest->p, 12), rest->p);
    return fyi_fail(FY_EDTYPE,
                    "'%s': its values are %s; read are f2, f4, f8, i1 to i8, u1 to u8 and b1 (save "
                    "with .astype)",
                    name, word);
}

static fy_status take_type(const char *name, text *t, header *h)
{
    char word[TYPE_CHARS];

    take_quoted(t, word);
    for (size_t i = 0; word[0] != '\0' && strchr("<>|=", word[0]) && i < FYI_LEN(types); i++) {
        if (strcmp(word + 1, types[i].code) != 0)
            continue;
        h->view.stored = fyi_stored_find(types[i].name);
        h->view.is_swapped = word[0] == '>';
        h->has_type = true;
        return FY_OK;
    }
    return refuse_type(name, word, t);
}

static fy_status take_order(const char *name, text *t, header *h)
{
    h->columns_first = take(t, "True");
    h->has_order = h->columns_first || take(t, "False");
    return h->has_order
               ? FY_OK
               : fyi_fail(FY_EFORMAT,
                          "'%s': the npy header's fortran_order is neither True nor False", name);
}

static fy_status take_axes(const char *name, text *t, header *h)
{
    h->has_shape = take_shape(t, &h->view.shape);
    return h->has_shape ? FY_OK
                        : fyi_fail(FY_EFORMAT,
                                   "'%s': the npy header's shape cannot be read, or has more than "
                                   "%d axes",
                                   name, FY_MAX_RANK);
}

static fy_status take_entry(const char *name, text *t, header *h)
{
    if (take(t, "'descr':") && !h->has_type)
        return take_type(name, t, h);
    if (take(t, "'fortran_order':") && !h->has_order)
        return take_order(name, t, h);
    if (take(t, "'shape':") && !h->has_shape)
        return take_axes(name, t, h);
    return fyi_fail(FY_EFORMAT, "'%s': the npy header holds something unexpected", name);
}

static fy_status parse_dictionary(const char *name, text t, header *h)
{
    if (!take(&t, "{"))
        return fyi_fail(FY_EFORMAT, "'%s': the npy header is no dictionary", name);
    while (!take(&t, "}")) {
        FYI_FORWARD(take_entry(name, &t, h));
        (void)take(&t, ",");
    }
    if (!h->has_type || !h->has_order || !h->has_shape)
        return fyi_fail(FY_EFORMAT, "'%s': the npy header lacks descr, fortran_order or shape",
                        name);
    FYI_FORWARD(fy_shape_check(&h->view.shape, h->view.stored->dtype));
    fyi_view_pack(&h->view, h->columns_first);
    return FY_OK;
}

/* ---- the header ------------------------------------------------------------------------------ */

static bool begins_as_npy(const void *p, size_t n)
{
    return n >= MAGIC_BYTES && memcmp(p, MAGIC, MAGIC_BYTES) == 0;
}

/* Where the dictionary lies, from the file's first n bytes, 12 unless it has fewer. */
static fy_status find_header(const char *name, const uint8_t *p, size_t n, uint64_t file_bytes,
                             size_t *begin, size_t *length)
{
    if (n < 10 || !begins_as_npy(p, n))
        return fyi_fail(FY_EFORMAT, "'%s' is not an npy file: it does not begin with \\x93NUMPY",
                        name);
    if (p[6] < 1 || p[6] > 3)
        return fyi_fail(FY_EFORMAT, "'%s': npy version %d.%d, read are 1 to 3", name, p[6], p[7]);
    *begin = p[6] == 1 ? 10 : 12;
    *length = (size_t)p[8] | (size_t)p[9] << 8;
    if (*begin == 12 && n >= 12)
        *length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (file_bytes < *begin || file_bytes - *begin < *length)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside its npy header; it was cut off", name);
    if (*length > HEADER_LIMIT)
        return fyi_fail(FY_EFORMAT, "'%s': an npy header of %zu bytes, at most %zu were expected",
                        name, *length, HEADER_LIMIT);
    return FY_OK;
}

static fy_status check_length(const char *name, uint64_t bytes, const fyi_npy *what)
{
    const uint64_t left = bytes - what->data, n = (uint64_t)fy_shape_numel(&what->view.shape);

    if (left % what->view.stored->bytes == 0 && left / what->view.stored->bytes == n)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s': its header promises %llu values of %zu bytes, %llu bytes follow", name,
                    (unsigned long long)n, what->view.stored->bytes, (unsigned long long)left);
}

fy_status fyi_npy_look(const char *name, uint64_t bytes, fyi_front_fn read, void *arg, fyi_npy *out)
{
    const size_t n = (size_t)FYI_MIN(bytes, 12);
    size_t begin = 0, length = 0;
    uint8_t front[12];
    header h = { 0 };
    char *all;
    fy_status st;

    FYI_FORWARD(read(arg, front, n));
    FYI_FORWARD(find_header(name, front, n, bytes, &begin, &length));
    all = fyi_alloc(begin + length);
    if (!all)
        return fyi_enomem(begin + length, name);
    st = read(arg, all, begin + length);
    if (st == FY_OK)
        st = parse_dictionary(name, (text){ all + begin, all + begin + length }, &h);
    fyi_free(all);
    FYI_FORWARD(st);
    *out = (fyi_npy){ .view = h.view, .data = begin + length };
    return check_length(name, bytes, out);
}

/* ---- whole files ----------------------------------------------------------------------------- */

bool fyi_npy_is(const fyi_infile *f)
{
    char mark[MAGIC_BYTES];

    return fyi_infile_bytes(f) >= sizeof mark &&
           fyi_infile_read(f, 0, mark, sizeof mark) == FY_OK && begins_as_npy(mark, sizeof mark);
}

static fy_status read_front(void *arg, void *dst, size_t bytes)
{
    return fyi_infile_read(arg, 0, dst, bytes);
}

fy_status fyi_npy_look_file(const fyi_infile *f, fyi_npy *out)
{
    return fyi_npy_look(fyi_infile_name(f), fyi_infile_bytes(f), read_front, (void *)(uintptr_t)f,
                        out);
}

fy_status fyi_npy_tensor(const char *name, const fyi_view *v, const void *numbers, fy_tensor **out)
{
    fy_status st;

    FYI_FORWARD(fy_tensor_new(v->stored->dtype, v->shape, out));
    st = fyi_view_read(v, numbers, fy_tensor_data(*out), name, name);
    if (st != FY_OK) {
        fy_tensor_free(*out);
        *out = NULL;
    }
    return st;
}

static fy_status read_array(const fyi_infile *f, fy_tensor **out)
{
    fyi_npy what;
    void *numbers;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_npy_look_file(f, &what));
    FYI_FORWARD(fyi_infile_take(f, what.data, fyi_infile_bytes(f) - what.data, &numbers));
    st = fyi_npy_tensor(fyi_infile_name(f), &what.view, numbers, out);
    fyi_free(numbers);
    return st;
}

fy_status fyi_npy_parse(const char *name, const void *file, size_t n, fy_tensor **out)
{
    fyi_infile *f;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_infile_lend(name, file, n, &f));
    st = read_array(f, out);
    fyi_infile_close(f);
    return st;
}

fy_status fy_npy_read(const char *path, fy_tensor **out)
{
    fyi_infile *f;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_infile_open(path, &f));
    st = read_array(f, out);
    fyi_infile_close(f);
    return st;
}
