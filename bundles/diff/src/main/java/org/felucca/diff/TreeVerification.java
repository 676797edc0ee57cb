package org.felucca.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;

/**
 * Compares two trees that should be the same, every byte of them. Times of folders are left out:
 * they say in which order layers were laid out.
 */
final class TreeVerification {
  private final int limit;
  private final Runnable check;
  private final LongConsumer progress;
  private final List<String> differences = new ArrayList<>();
  private long compared;

  /**
   * @param limit the most differences that are told
   * @param check throws when it is to give up
   * @param progress gets the bytes that were compared so far
   */
  TreeVerification(int limit, Runnable check, LongConsumer progress) {
    this.limit = limit;
    this.check = check;
    this.progress = progress;
  }

  List<String> run(Dir one, Dir other) {
    attributes("/", one.descriptor(), one.stat(), other.descriptor(), other.stat());
    folder(one, other, "");
    return List.copyOf(differences);
  }

  private void folder(Dir one, Dir other, String path) {
    TreeSet<String> names = new TreeSet<>();
    one.forEach(entry -> names.add(entry.name()));
    other.forEach(entry -> names.add(entry.name()));
    for (String name : names) {
      if (differences.size() >= limit) {
        return;
      }
      check.run();
      file(one, other, name, path.isEmpty() ? name : path + "/" + name);
    }
  }

  private void file(Dir one, Dir other, String name, String path) {
    Optional<FileStat> left = one.statIfExists(name);
    Optional<FileStat> right = other.statIfExists(name);
    if (left.isEmpty() || right.isEmpty()) {
      differ(path, left.isEmpty() ? "missing" : "not of the image");
      return;
    }
    FileStat was = left.get();
    FileStat is = right.get();
    if (was.type() != is.type()) {
      differ(path, "of another type");
      return;
    }
    try (Descriptor first = one.openPath(name);
        Descriptor second = other.openPath(name)) {
      attributes(path, first, was, second, is);
      switch (was.type()) {
        case DIRECTORY -> {
          try (Dir next = one.enter(name);
              Dir nextOther = other.enter(name)) {
            folder(next, nextOther, path);
          }
        }
        case REGULAR -> content(path, first, was, second, is);
        case SYMLINK -> {
          if (!Dir.readlink(first).equals(Dir.readlink(second))) {
            differ(path, "another target");
          }
        }
        default -> {
          if (!was.node().equals(is.node())) {
            differ(path, "another device");
          }
        }
      }
    }
  }

  private void content(
      String path, Descriptor first, FileStat was, Descriptor second, FileStat is) {
    if (was.size() != is.size() || !TreeComparison.sameContent(first, second)) {
      differ(path, "other content");
    }
    compared += was.size();
    progress.accept(compared);
  }

  private void attributes(
      String path, Descriptor first, FileStat was, Descriptor second, FileStat is) {
    if (!TreeComparison.sameAttributes(first, was, second, is)) {
      differ(path, "other owner, mode or attributes");
    } else if (was.type() != FileType.DIRECTORY && !was.modified().equals(is.modified())) {
      differ(path, "another time");
    }
  }

  private void differ(String path, String how) {
    if (differences.size() < limit) {
      differences.add(path + ": " + how);
    }
  }
}
