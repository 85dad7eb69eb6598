/* sound_files.c: a folder, a list or archives of sounds as a dataset. */
#include "data/sound.h"

/* Are labels in the names? A pattern that is none is found out later. */
static bool names_have_labels(const fy_sound_opts *o)
{
    fyi_name_pattern p;

    return o->names != NULL && fyi_name_pattern_read(o->names, &p) == FY_OK &&
           fyi_name_pattern_has(&p, FYI_NAME_LABEL);
}

static fyi_scan_opts scan_opts(const fy_sound_opts *o)
{
    return (fyi_scan_opts){ &fyi_sounds, o->is_unlabelled || names_have_labels(o), o->classes_path,
                            o->label_field };
}

fy_status fy_sound_folder_open(const char *path, const fy_sound_opts *o, fy_dataset **out)
{
    const fy_sound_opts how = o != NULL ? *o : fy_sound_defaults();
    const fyi_scan_opts scan = scan_opts(&how);
    fyi_album album = { 0 };
    const char *root;
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_folder_scan(path, &scan, &album, &root));
    FY_TRY(fyi_sounds_open(&album, root, &how, out));
done:
    fyi_album_release(&album);
    return st;
}

fy_status fy_sound_list_open(const char *path, const fy_sound_opts *o, fy_dataset **out)
{
    const fy_sound_opts how = o != NULL ? *o : fy_sound_defaults();
    fyi_album album = { 0 };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_list_scan(&(fyi_list_of){ path, &fyi_sounds, NULL }, &album));
    FY_TRY(fyi_sounds_open(&album, path, &how, out));
done:
    fyi_album_release(&album);
    return st;
}

fy_status fy_sound_tar_open(const char *pattern, const fy_sound_opts *o, fy_dataset **out)
{
    const fy_sound_opts how = o != NULL ? *o : fy_sound_defaults();
    const fyi_scan_opts scan = scan_opts(&how);
    fyi_album album = { 0 };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_tar_scan(pattern, &scan, &album));
    FY_TRY(fyi_sounds_open(&album, pattern, &how, out));
done:
    fyi_album_release(&album);
    return st;
}
