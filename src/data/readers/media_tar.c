/* media_tar.c: pictures or sounds in tar files, grouped as WebDataset groups them.
 *
 *   dir/key.jpg  dir/key.cls  dir/key.json      members that follow each other under one name up to the
 *                                               first dot of its last part are one sample
 * The first picture (or sound) is the sample's; its label is what .cls holds, or a field of .json.
 * Members that are neither, and samples without a picture, are left out. */
#include "data/album.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define MAX_LABEL_BYTES ((size_t)4096)
#define MAX_JSON_BYTES ((size_t)1 << 20)

/* The sample being put together, and what it goes into. */
typedef struct gather {
    fyi_album *album;
    const fyi_tar *tar;
    const fyi_media *media;
    const char *path, *field; /* of the archive; of .json, NULL: labels are not looked at */
    fyi_buf key, text;
    fyi_shot shot; /* path NULL: no picture or sound yet */
    bool is_open, has_class;
    int64_t n_without; /* samples without one */
} gather;

/* ---- parts ----------------------------------------------------------------------------------- */

enum part { PART_OTHER, PART_SAMPLE, PART_CLASS, PART_JSON };

static const struct {
    const char *ending;
    enum part part;
} parts[] = { { ".cls", PART_CLASS }, { ".json", PART_JSON } };

/* `ending` begins at the first dot. */
static enum part part_of(const fyi_media *m, const char *ending)
{
    if (strchr(ending + 1, '.') == NULL && fyi_media_has_ending(m, ending))
        return PART_SAMPLE;
    for (size_t i = 0; i < FYI_LEN(parts); i++)
        if (strcasecmp(ending, parts[i].ending) == 0)
            return parts[i].part;
    return PART_OTHER;
}

/* The characters before the dot; 0 if the name has no key. */
static size_t key_chars(const char *name)
{
    const char *base = fyi_base_name(name), *dot = strchr(base, '.');

    return dot != NULL && dot > base ? (size_t)(dot - name) : 0;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static fy_status keep_label(gather *g, const char *label)
{
    g->shot.label = fyi_arena_printf(&g->album->arena, "%s", label);
    return g->shot.label != NULL ? FY_OK : fyi_enomem(strlen(label), g->path);
}

static fy_status take_class(gather *g, const fyi_tar_member *m)
{
    char *p;

    FYI_FORWARD(fyi_tar_read(g->tar, m, MAX_LABEL_BYTES, &g->text));
    fyi_buf_puts(&g->text, "");
    p = g->text.p;
    if (g->text.failed)
        return fyi_enomem(MAX_LABEL_BYTES, g->path);
    if (strlen(p) != g->text.len)
        return fyi_fail(FY_EFORMAT, "'%s': the label '%s' is no text", g->path, m->name);
    for (size_t n = g->text.len; n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL; n--)
        p[n - 1] = '\0';
    p += strspn(p, " \t");
    g->has_class = true;
    return *p != '\0' ? keep_label(g, p) : FY_OK;
}

/* A text or a whole number; anything else is no label. */
static fy_status take_field(gather *g, const fyi_tar_member *m, const json_t *v)
{
    char number[24];

    if (v == NULL || json_is_null(v))
        return FY_OK;
    if (json_is_string(v))
        return keep_label(g, json_string_value(v));
    if (!json_is_integer(v))
        return fyi_fail(
            FY_EFORMAT, "'%s': '%s' of '%s' is neither a text nor a whole number, so it is no label",
            g->path, g->field, m->name);
    (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
    return keep_label(g, number);
}

static fy_status take_json(gather *g, const fyi_tar_member *m)
{
    json_error_t e;
    json_t *root;
    fy_status st;

    if (g->has_class)
        return FY_OK;
    FYI_FORWARD(fyi_tar_read(g->tar, m, MAX_JSON_BYTES, &g->text));
    root = json_loadb(g->text.p != NULL ? g->text.p : "", g->text.len, 0, &e);
    if (root == NULL)
        return fyi_fail(FY_EFORMAT, "'%s': '%s' is no JSON (line %d: %s)", g->path, m->name, e.line,
                        e.text);
    st = take_field(g, m, json_object_get(root, g->field));
    json_decref(root);
    return st;
}

/* ---- samples --------------------------------------------------------------------------------- */

static fy_status finish_sample(gather *g)
{
    fy_status st = FY_OK;

    if (g->is_open && g->shot.path != NULL)
        st = fyi_album_add(g->album, &g->shot);
    else if (g->is_open)
        g->n_without++;
    g->is_open = g->has_class = false;
    g->shot = (fyi_shot){ 0 };
    return st;
}

static fy_status begin_sample(gather *g, const char *name, size_t chars)
{
    if (g->is_open && g->key.len == chars && memcmp(g->key.p, name, chars) == 0)
        return FY_OK;
    FYI_FORWARD(finish_sample(g));
    g->is_open = true;
    g->key.len = 0;
    fyi_buf_append(&g->key, name, chars);
    return g->key.failed ? fyi_enomem(chars, g->path) : FY_OK;
}

/* The archive's name is a part of the sample's: keys of several shards may be the same. */
static fy_status take_sample(gather *g, const fyi_tar_member *m)
{
    if (g->shot.path != NULL)
        return FY_OK;
    g->shot.name = fyi_arena_printf(&g->album->arena, "%s/%s", fyi_base_name(g->path), m->name);
    if (g->shot.name == NULL)
        return fyi_enomem(strlen(m->name), g->path);
    g->shot.path = g->path;
    g->shot.at = m->at;
    g->shot.bytes = (int64_t)m->bytes;
    return FY_OK;
}

static fy_status take_member(gather *g, const fyi_tar_member *m)
{
    const size_t chars = key_chars(m->name);
    enum part part;

    if (!m->is_file || chars == 0)
        return FY_OK;
    FYI_FORWARD(begin_sample(g, m->name, chars));
    part = part_of(g->media, m->name + chars);
    if (part == PART_SAMPLE)
        return take_sample(g, m);
    if (part == PART_CLASS && g->field != NULL)
        return take_class(g, m);
    return part == PART_JSON && g->field != NULL ? take_json(g, m) : FY_OK;
}

fy_status fyi_tar_gather(fyi_tar *tar, const char *path, const fyi_scan_opts *o, fyi_album *album)
{
    const char *field = o->label_field != NULL ? o->label_field : "label";
    gather g = { .album = album,
                 .tar = tar,
                 .media = o->media,
                 .path = path,
                 .field = o->is_unlabelled ? NULL : field };
    fyi_tar_member m;
    fy_status st;

    while ((st = fyi_tar_next(tar, &m)) == FY_OK)
        FY_TRY(take_member(&g, &m));
    if (st == FY_EEND)
        st = finish_sample(&g);
    if (st == FY_OK && g.n_without > 0)
        fyi_warn("'%s': %lld samples have no %s and are left out", path, (long long)g.n_without,
                 o->media->one);
done:
    fyi_buf_release(&g.text);
    fyi_buf_release(&g.key);
    return st;
}

/* ---- archives -------------------------------------------------------------------------------- */

static fy_status scan_file(const char *path, const fyi_scan_opts *o, fyi_album *album)
{
    fyi_infile *file = NULL;
    fyi_tar *tar = NULL;
    fy_status st;

    FY_TRY(fyi_infile_open(path, &file));
    FY_TRY(fyi_tar_open(file, &tar));
    FY_TRY(fyi_tar_gather(tar, path, o, album));
done:
    fyi_tar_close(tar);
    fyi_infile_close(file);
    return st;
}

fy_status fyi_tar_scan(const char *pattern, const fyi_scan_opts *o, fyi_album *album)
{
    fyi_paths files = { 0 };
    fy_status st;

    FY_TRY(fyi_paths_expand(pattern, &album->arena, &files));
    for (size_t i = 0; i < files.n; i++)
        FY_TRY(scan_file(files.v[i], o, album));
done:
    fyi_free(files.v);
    return st;
}
