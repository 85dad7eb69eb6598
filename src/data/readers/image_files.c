/* image_files.c: a folder, a list or archives of pictures as a dataset. */
#include "data/picture.h"

static fyi_scan_opts scan_opts(const fy_picture_opts *o)
{
    return (fyi_scan_opts){ &fyi_pictures, o->is_unlabelled, o->classes_path, o->label_field };
}

fy_status fy_image_folder_open(const char *path, const fy_picture_opts *o, fy_dataset **out)
{
    const fy_picture_opts how = o != NULL ? *o : fy_picture_defaults();
    const fyi_scan_opts scan = scan_opts(&how);
    fyi_album album = { 0 };
    const char *root;
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_folder_scan(path, &scan, &album, &root));
    FY_TRY(fyi_album_open(&album, root, &how, out));
done:
    fyi_album_release(&album);
    return st;
}

fy_status fy_image_list_open(const char *path, const fy_picture_opts *o, fy_dataset **out)
{
    const fy_picture_opts how = o != NULL ? *o : fy_picture_defaults();
    fyi_album album = { 0 };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_list_scan(&(fyi_list_of){ path, &fyi_pictures, how.folder }, &album));
    FY_TRY(fyi_album_open(&album, path, &how, out));
done:
    fyi_album_release(&album);
    return st;
}

fy_status fy_image_classes_open(const char *path, const fy_picture_opts *o, fy_dataset **out)
{
    const fy_picture_opts how = o != NULL ? *o : fy_picture_defaults();
    fyi_album album = { 0 };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_classes_scan(&(fyi_list_of){ path, &fyi_pictures, how.folder }, &album));
    FY_TRY(fyi_album_open(&album, path, &how, out));
done:
    fyi_album_release(&album);
    return st;
}

fy_status fy_image_tar_open(const char *pattern, const fy_picture_opts *o, fy_dataset **out)
{
    const fy_picture_opts how = o != NULL ? *o : fy_picture_defaults();
    const fyi_scan_opts scan = scan_opts(&how);
    fyi_album album = { 0 };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_tar_scan(pattern, &scan, &album));
    FY_TRY(fyi_album_open(&album, pattern, &how, out));
done:
    fyi_album_release(&album);
    return st;
}
