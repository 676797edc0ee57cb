package org.felucca.api.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.content.Digest;

/** Names of stacks of layers (OCI image specification, config.md#layer-chainid). */
public final class ChainIds {
  private ChainIds() {}

  /**
   * The chain id of every prefix of the layers.
   *
   * @param diffIds the uncompressed digests, the lowest first
   * @return as many chain ids, the lowest first
   */
  public static List<Digest> of(List<Digest> diffIds) {
    List<Digest> chain = new ArrayList<>(diffIds.size());
    for (Digest diffId : diffIds) {
      chain.add(
          chain.isEmpty()
              ? diffId
              : Digest.sha256(
                  (chain.getLast() + " " + diffId).getBytes(StandardCharsets.US_ASCII)));
    }
    return List.copyOf(chain);
  }
}
