package archive

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// tree is a directory whose files are made durable by name; no name leads out
// of it.
type tree struct{ root *os.Root }

func openTree(dir string) (tree, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return tree{}, err
	}
	root, err := os.OpenRoot(dir)
	return tree{root}, err
}

// syncFile makes a file or folder durable, and every folder on the way to it.
func (t tree) syncFile(name string) error {
	if err := t.sync(name); err != nil {
		return err
	}
	return t.syncFolders(path.Dir(name))
}

// syncRemoved makes it durable that a name is gone, perhaps with folders that
// it left empty.
func (t tree) syncRemoved(name string) error { return t.syncFolders(path.Dir(name)) }

func (t tree) syncFolders(folder string) error {
	for {
		if err := t.sync(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if folder == "." {
			return nil
		}
		folder = path.Dir(folder)
	}
}

func (t tree) sync(name string) error {
	f, err := t.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncMetadata does what syncFile does for the attributes of one object.
func (t tree) syncMetadata(name string) error {
	folder := path.Join(name, "meta")
	f, err := t.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return t.syncFolders(name)
	}
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	for _, attribute := range names {
		if err := t.sync(path.Join(folder, attribute)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return t.syncFolders(folder)
}

// persist makes the effect of an operation durable. A remote S3 has done so
// before it answered.
func (a *Archive) persist(d durability, bucket, key string) error {
	if a.remote != nil {
		return nil
	}
	name := path.Join(bucket, strings.TrimSuffix(key, "/"))
	var err error
	switch d {
	case written:
		err = a.buckets.syncFile(name)
	case removed:
		err = a.buckets.syncRemoved(name)
	default:
		return nil
	}
	if a.metadata.root != nil {
		err = errors.Join(err, a.metadata.syncMetadata(name))
	}
	return err
}
