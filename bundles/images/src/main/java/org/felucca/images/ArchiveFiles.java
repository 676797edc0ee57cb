package org.felucca.images;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.content.Digest;
import org.felucca.images.BlobIntake.Stored;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.OciLayout;
import org.jspecify.annotations.Nullable;

/** What was in an archive: its documents in memory, everything else in the content store. */
final class ArchiveFiles {
  private static final Set<String> DOCUMENTS =
      Set.of(OciLayout.MARKER, OciLayout.INDEX, DockerArchiveEntry.MANIFEST);
  private static final int MAX_FILES = 20_000;
  private static final int MAX_LINKS = 8;

  private final Map<String, byte[]> documents = new HashMap<>();
  private final Map<String, Stored> stored = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();
  private final Set<String> seen = new HashSet<>();

  private ArchiveFiles() {}

  /** Reads a tar to its end. */
  static ArchiveFiles read(TarEntries tar, BlobIntake intake) throws IOException {
    ArchiveFiles files = new ArchiveFiles();
    for (TarEntries.Entry entry = tar.next(); entry != null; entry = tar.next()) {
      if (entry.kind() == TarEntries.Kind.FILE || entry.kind() == TarEntries.Kind.LINK) {
        String path = clean(entry.path(), "");
        if (!files.seen.add(path)) {
          throw EngineException.invalid(
              "the archive has the file %s twice".formatted(Identifiers.quote(path)));
        }
        if (files.seen.size() > MAX_FILES) {
          throw EngineException.invalid(
              "the archive has more than %d files: it is no image".formatted(MAX_FILES));
        }
        if (entry.kind() == TarEntries.Kind.LINK) {
          files.links.put(path, clean(entry.target(), entry.hard() ? "" : parent(path)));
        } else {
          files.take(path, entry.size(), tar, intake);
        }
      }
    }
    return files;
  }

  private void take(String path, long size, TarEntries tar, BlobIntake intake) throws IOException {
    if (DOCUMENTS.contains(path)) {
      documents.put(path, document(path, size, tar));
      return;
    }
    String[] parts = path.split("/", -1);
    if (parts.length == 3 && parts[0].equals(OciLayout.BLOBS)) {
      if (parts[1].equals("sha256") || parts[1].equals("sha512")) {
        Digest digest;
        try {
          digest = Digest.parse(parts[1] + ":" + parts[2]);
        } catch (EngineException e) {
          throw e.during("the archive has a blob that can't be one");
        }
        stored.put(path, intake.store(tar::read, size, digest, digest.toString()));
      }
    } else if (isWorthStoring(path)) {
      stored.put(path, intake.store(tar::read, size, null, path));
    }
  }

  /**
   * The files of archives by docker save of old and its imitators have many names, but only these
   * endings.
   */
  private static boolean isWorthStoring(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.startsWith("sha256:")
        || name.endsWith(".json")
        || name.endsWith(".tar")
        || name.endsWith(".tar.gz")
        || name.endsWith(".tgz")
        || name.endsWith(".tar.zst");
  }

  private static byte[] document(String path, long size, TarEntries tar) throws IOException {
    if (size > ImageDocument.MAX_SIZE) {
      throw EngineException.invalid(
          "%s has %d bytes; at most %d are read".formatted(path, size, ImageDocument.MAX_SIZE));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream((int) size);
    byte[] buffer = new byte[8192];
    int read;
    while ((read = tar.read(buffer)) >= 0) {
      out.write(buffer, 0, read);
    }
    return out.toByteArray();
  }

  /** One of the documents by its name, or null. */
  byte @Nullable [] document(String name) {
    return documents.get(name);
  }

  /**
   * The blob that stands under a path, links within the archive followed.
   *
   * @throws EngineException INVALID_ARGUMENT if there is none
   */
  Stored blob(String path) {
    String at = clean(path, "");
    for (int i = 0; i < MAX_LINKS; i++) {
      Stored blob = stored.get(at);
      if (blob != null) {
        return blob;
      }
      String target = links.get(at);
      if (target == null) {
        break;
      }
      at = target;
    }
    throw EngineException.invalid(
        "the archive lacks the file %s, which its %s names"
            .formatted(Identifiers.quote(path), DockerArchiveEntry.MANIFEST));
  }

  /**
   * A path from the top of the archive; it is only ever a key, but one that leads out of it is no
   * image's.
   */
  private static String clean(String path, String from) {
    if (path.startsWith("/") || path.indexOf('\0') >= 0 || path.length() > 4096) {
      throw leadsOut(path);
    }
    Deque<String> parts = new ArrayDeque<>(from.isEmpty() ? List.of() : List.of(from.split("/")));
    for (String part : path.split("/", -1)) {
      if (part.equals("..")) {
        if (parts.pollLast() == null) {
          throw leadsOut(path);
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static EngineException leadsOut(String path) {
    return EngineException.invalid(
        "the archive has the path %s, which leads out of it"
            .formatted(Identifiers.quote(path.length() > 200 ? path.substring(0, 200) : path)));
  }
}
