/* numpy.c: NumPy's files as weights: every array of an .npz under its name, the one of an .npy under the
 * file's. */
#include "data/data.h"
#include "weights/weights.h"

#include <string.h>

fy_status fyi_read_npy(fy_weights *w)
{
    const char *base = fyi_base_name(w->name);
    const size_t chars = strlen(base);
    fyi_block b = { .entry = -1 };
    fyi_npy what;
    char *name;

    FYI_FORWARD(fyi_npy_look_file(w->file, &what));
    name = fyi_arena_dup(&w->texts, base, chars + 1);
    if (!name)
        return fyi_enomem(chars, "a tensor's name");
    if (chars > 4 && strcmp(name + chars - 4, ".npy") == 0)
        name[chars - 4] = '\0';
    b.at = what.data;
    b.bytes = fyi_infile_bytes(w->file) - what.data;
    return fyi_weights_put(w, name, &what.view, &b);
}

static fy_status read_array(fy_weights *w, int i)
{
    fyi_block b = { .entry = i };
    size_t chars;
    fyi_npy what;
    char *name;

    FYI_FORWARD(fyi_npz_look(w->zip, i, &chars, &what));
    name = fyi_arena_alloc(&w->texts, chars + 1);
    if (!name)
        return fyi_enomem(chars, "a tensor's name");
    memcpy(name, fyi_zip_name(w->zip, i), chars);
    b.at = what.data;
    b.bytes = fyi_zip_bytes(w->zip, i) - what.data;
    return fyi_weights_put(w, name, &what.view, &b);
}

fy_status fyi_read_npz(fy_weights *w)
{
    for (int i = 0; i < fyi_zip_count(w->zip); i++) {
        const fy_status st = read_array(w, i);

        if (st != FY_OK)
            return fyi_wrap(st, "while reading '%s' as an .npz archive", w->name);
    }
    return FY_OK;
}
