package org.felucca.engine;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageCheck.Problem;
import org.felucca.api.image.Platform;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;

/** Reads every blob of an image that is here, and compares it with its digest. */
final class BlobCheck {
  private static final int MAX_DEPTH = 4;
  private static final int PIECE = 1 << 20;

  private final ContentService content;
  private final DiskThreads disk;
  private final Scope scope;
  private final Image image;
  private final Progress progress;

  /** What is wrong with a blob that was looked at; empty if nothing is. */
  private final Map<Digest, String> seen = new LinkedHashMap<>();

  private final List<Problem> problems = new ArrayList<>();
  private final Set<Digest> broken = new HashSet<>();
  private long bytes;

  BlobCheck(ContentService content, DiskThreads disk, Scope scope, Image image, Progress progress) {
    this.content = content;
    this.disk = disk;
    this.scope = scope;
    this.image = image;
    this.progress = progress;
  }

  void run() {
    document(image.target(), "manifest", true, 0);
  }

  List<Problem> problems() {
    return problems;
  }

  /** The blobs that are damaged or missing. */
  Set<Digest> broken() {
    return broken;
  }

  int count() {
    return (int) seen.values().stream().filter(String::isEmpty).count();
  }

  long bytes() {
    return bytes;
  }

  /**
   * Looks at an index or manifest and all below it.
   *
   * @param needed whether it must be here: of an index, only the platform that was wanted may be
   * @return whether it is here
   */
  private boolean document(Descriptor descriptor, String what, boolean needed, int depth) {
    if (!blob(descriptor, what, needed) || depth > MAX_DEPTH) {
      return false;
    }
    if (broken.contains(descriptor.digest())) {
      return true; // what it would say of others is not to be believed
    }
    ImageDocument document;
    try {
      document =
          ImageDocument.parse(
              content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE),
              descriptor.mediaType(),
              descriptor.digest().toString());
    } catch (EngineException e) {
      problem(descriptor, what, "can't be understood: " + e.getMessage());
      return true;
    }
    switch (document) {
      case ImageIndex index -> index(descriptor, index, depth);
      case ImageManifest manifest -> {
        blob(manifest.config(), "config", true);
        for (Descriptor layer : manifest.layers()) {
          blob(layer, "layer", !MediaTypes.isForeignLayer(layer.mediaType()));
        }
      }
    }
    return true;
  }

  private void index(Descriptor descriptor, ImageIndex index, int depth) {
    boolean any = index.manifests().isEmpty();
    for (Descriptor child : index.manifests()) {
      boolean isDocument =
          MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType());
      any |=
          isDocument ? document(child, "manifest", false, depth + 1) : blob(child, "blob", false);
    }
    if (!any) {
      problem(descriptor, "index", "has no platform that is here, not even " + Platform.host());
    }
  }

  /** Looks at a blob; answers whether it is here. */
  private boolean blob(Descriptor descriptor, String what, boolean needed) {
    Digest digest = descriptor.digest();
    String wrong = seen.get(digest);
    if (wrong == null) {
      wrong = disk.run("check " + what + " " + digest, () -> read(descriptor, what));
      if (wrong.equals(MISSING) && !needed) {
        return false;
      }
      seen.put(digest, wrong);
      if (!wrong.isEmpty()) {
        problem(descriptor, what, wrong);
      }
    }
    return !wrong.equals(MISSING);
  }

  private static final String MISSING = "is not here";

  private String read(Descriptor descriptor, String what) throws IOException {
    Digest digest = descriptor.digest();
    try (BlobReader reader = content.open(scope, digest);
        InputStream in = reader.stream(0)) {
      MessageDigest hash = digest.algorithm().newMessageDigest();
      byte[] buffer = new byte[PIECE];
      long done = 0;
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        hash.update(buffer, 0, read);
        done += read;
        progress.report(what + " " + digest, "checking", done, descriptor.size());
        if (Thread.currentThread().isInterrupted()) {
          throw EngineException.cancelled("interrupted");
        }
      }
      bytes += done;
      if (done != descriptor.size()) {
        return "has %d bytes where %d are said".formatted(done, descriptor.size());
      }
      Digest found = Digest.of(digest.algorithm(), hash.digest());
      return found.equals(digest) ? "" : "is damaged: its bytes have the digest " + found;
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return MISSING;
      }
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      return "can't be read: " + e.getMessage();
    } catch (IOException e) {
      return "can't be read: " + e.getMessage();
    }
  }

  private void problem(Descriptor descriptor, String what, String reason) {
    broken.add(descriptor.digest());
    problems.add(
        new Problem(
            what + " " + descriptor.digest(),
            reason,
            "remove the image in every namespace that has it (felucca image rm --force %s) and import it again"
                .formatted(image.name())));
  }
}
