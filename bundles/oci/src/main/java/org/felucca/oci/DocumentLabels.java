package org.felucca.oci;

import java.util.LinkedHashMap;
import java.util.Map;
import org.felucca.api.content.Descriptor;

/**
 * The labels by which the garbage collector finds what a document names, as containerd writes them.
 */
public final class DocumentLabels {
  private static final String REFERENCE = "containerd.io/gc.ref.content.";

  private DocumentLabels() {}

  /** The labels of a document; all that it names is in them, whether it is here or not. */
  public static Map<String, String> of(ImageDocument document) {
    Map<String, String> labels = new LinkedHashMap<>();
    int number = 0;
    switch (document) {
      case ImageIndex index -> {
        for (Descriptor child : index.manifests()) {
          labels.put(REFERENCE + "m." + number++, child.digest().toString());
        }
      }
      case ImageManifest manifest -> {
        labels.put(REFERENCE + "config", manifest.config().digest().toString());
        for (Descriptor layer : manifest.layers()) {
          labels.put(REFERENCE + "l." + number++, layer.digest().toString());
        }
      }
    }
    return labels;
  }
}
