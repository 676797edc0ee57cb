package org.felucca.diff;

import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.felucca.api.diff.Change;
import org.felucca.linux.Descriptor;
import org.felucca.linux.FileStat;
import org.jspecify.annotations.Nullable;

/** Takes what a comparison of two trees finds, in order. Paths are relative to the root. */
interface Differences {
  /**
   * Something is new or not as before.
   *
   * @param before whether something was there
   * @param link target of a symbolic link, name of the file that this is a hard link to, or empty
   * @param content a regular file open for reading, unless it is a hard link
   */
  void present(
      String path,
      boolean before,
      FileStat stat,
      String link,
      Supplier<Map<String, byte[]>> xattrs,
      @Nullable Descriptor content);

  /** A file that is as before has become another name of one that is not. */
  void joined(String path, FileStat stat, String link);

  /** Something is gone. */
  void gone(String parent, String name);

  /** A layer. */
  record Layer(TarWriter tar) implements Differences {
    @Override
    public void present(
        String path,
        boolean before,
        FileStat stat,
        String link,
        Supplier<Map<String, byte[]>> xattrs,
        @Nullable Descriptor content) {
      tar.entry(path, stat, link, xattrs.get(), content);
    }

    @Override
    public void joined(String path, FileStat stat, String link) {
      tar.entry(path, stat, link, Map.of(), null);
    }

    @Override
    public void gone(String parent, String name) {
      tar.mark(parent + Whiteouts.PREFIX + name);
    }
  }

  /** A list for people. */
  record Listed(Consumer<Change> sink) implements Differences {
    @Override
    public void present(
        String path,
        boolean before,
        FileStat stat,
        String link,
        Supplier<Map<String, byte[]>> xattrs,
        @Nullable Descriptor content) {
      sink.accept(
          new Change(
              before ? Change.Kind.CHANGED : Change.Kind.ADDED,
              path.equals(".") ? "/" : "/" + path));
    }

    @Override
    public void joined(String path, FileStat stat, String link) {
      // Its content is as before, and that is what people ask for.
    }

    @Override
    public void gone(String parent, String name) {
      sink.accept(new Change(Change.Kind.DELETED, "/" + parent + name));
    }
  }
}
