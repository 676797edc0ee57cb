package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BlobFetcherTest {
  private static final String LABEL = BlobFetcher.SOURCE + "docker.io";

  @Test
  void with_anotherRepository_isAddedOnce() {
    assertEquals("a", BlobFetcher.with(LABEL, "", "a"));
    assertEquals("a,b/c", BlobFetcher.with(LABEL, "a", "b/c"));
    assertEquals("a,b/c", BlobFetcher.with(LABEL, "a,b/c", "b/c"));
  }

  @Test
  void with_noRoomLeft_staysAsItIs() {
    String known = "r".repeat(4096 - LABEL.length() - 3);
    assertEquals(known + ",ab", BlobFetcher.with(LABEL, known, "ab"));
    assertEquals(known, BlobFetcher.with(LABEL, known, "abc"));
  }
}
