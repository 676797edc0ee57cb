package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.content.Digest;
import org.felucca.api.snapshot.Mount;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageUsersTest {
  private static final Digest ONE = Digest.parse("sha256:" + "1".repeat(64));
  private static final Digest OTHER = Digest.parse("sha256:" + "2".repeat(64));

  private @TempDir Path base;
  private Path root;
  private ImageUsers users;

  @BeforeEach
  void prepare() throws Exception {
    root = Files.createDirectories(base.resolve("root/etc")).getParent();
    users = new ImageUsers(base.resolve("copies"));
  }

  private List<Mount> mounts() {
    return StartPreparation.folderMounts(root);
  }

  @Test
  void of_image_isReadOnceAndByItsDigest() throws Exception {
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
    Path copy = users.of(ONE, mounts());
    assertNotNull(copy);
    assertEquals("root:x:0:0::/root:/bin/sh\n", Files.readString(copy.resolve("etc/passwd")));
    assertFalse(Files.exists(copy.resolve("etc/group")));

    Files.writeString(root.resolve("etc/passwd"), "other\n");
    assertEquals(copy, users.of(ONE, mounts()));
    assertEquals("root:x:0:0::/root:/bin/sh\n", Files.readString(copy.resolve("etc/passwd")));
    Path second = users.of(OTHER, mounts());
    assertNotNull(second);
    assertEquals("other\n", Files.readString(second.resolve("etc/passwd")));
  }

  @Test
  void of_linkBelowTheRoot_isFollowedInIt() throws Exception {
    Files.writeString(root.resolve("users"), "a:x:7:7::/:\n");
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("/users"));
    Path copy = users.of(ONE, mounts());
    assertNotNull(copy);
    assertEquals("a:x:7:7::/:\n", Files.readString(copy.resolve("etc/passwd")));
  }

  @Test
  void of_unusualFiles_isLeftToWhoLooksItself() throws Exception {
    Files.createDirectory(root.resolve("etc/passwd"));
    assertNull(users.of(ONE, mounts()));
    Files.createSymbolicLink(root.resolve("etc/group"), Path.of("group"));
    Files.delete(root.resolve("etc/passwd"));
    assertNull(users.of(OTHER, mounts()));
  }

  @Test
  void of_longFile_isNotCopied() throws Exception {
    Files.write(root.resolve("etc/passwd"), new byte[(64 << 10) + 1]);
    assertNull(users.of(ONE, mounts()));
  }
}
