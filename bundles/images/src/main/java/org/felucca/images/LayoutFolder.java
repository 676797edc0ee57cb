package org.felucca.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.OciLayout;

/** An OCI layout as a folder of this machine; its blobs are taken as the images name them. */
final class LayoutFolder implements BlobSource {
  private final Path folder;
  private final ContentService content;
  private final Scope scope;
  private final BlobIntake intake;

  LayoutFolder(Path folder, ContentService content, Scope scope, BlobIntake intake) {
    this.folder = folder;
    this.content = content;
    this.scope = scope;
    this.intake = intake;
  }

  /**
   * The bytes of its index.
   *
   * @throws EngineException INVALID_ARGUMENT if it is no layout
   */
  byte[] index() throws IOException {
    OciLayout.checkMarker(document(OciLayout.MARKER));
    return document(OciLayout.INDEX);
  }

  private byte[] document(String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw EngineException.invalid(
          "%s is not an OCI layout: it has no file %s".formatted(folder, name));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(ImageDocument.MAX_SIZE + 1);
      if (bytes.length > ImageDocument.MAX_SIZE) {
        throw EngineException.invalid(
            "%s has more than %d bytes".formatted(file, ImageDocument.MAX_SIZE));
      }
      return bytes;
    }
  }

  @Override
  public long bring(Descriptor descriptor) {
    Path file = folder.resolve(OciLayout.blobPath(descriptor.digest()));
    if (!Files.isRegularFile(file)) {
      try {
        return content.info(scope, descriptor.digest()).size();
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          return -1;
        }
        throw e;
      }
    }
    try (InputStream in = Files.newInputStream(file)) {
      return intake
          .store(in::read, Files.size(file), descriptor.digest(), descriptor.digest().toString())
          .size();
    } catch (IOException e) {
      throw EngineException.internal("read %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
