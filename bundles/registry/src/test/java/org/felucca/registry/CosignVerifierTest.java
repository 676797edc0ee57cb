package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageVerifier.Judgement;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.MediaTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Signatures as cosign makes them: good, missing and forged ones. */
class CosignVerifierTest extends RegistryTestBase {
  private KeyPair keys;
  private Path key;
  private Descriptor image;

  private static KeyPair generate() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  @BeforeEach
  void imageAndKey() throws Exception {
    keys = generate();
    key = folder.resolve("cosign.pub");
    write(keys.getPublic());
    image = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
  }

  private void write(PublicKey publicKey) throws IOException {
    Files.writeString(
        key,
        "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
            .formatted(Base64.getMimeEncoder().encodeToString(publicKey.getEncoded())));
  }

  private static String statement(Digest about) {
    return """
    {"critical":{"identity":{"docker-reference":"x/box"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}\
    """
        .formatted(about);
  }

  private String signed(String statement, KeyPair by) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(by.getPrivate());
    signature.update(statement.getBytes(StandardCharsets.UTF_8));
    return Base64.getEncoder().encodeToString(signature.sign());
  }

  private void attach(String statement, String signature) {
    byte[] bytes = statement.getBytes(StandardCharsets.UTF_8);
    Digest digest = Digest.sha256(bytes);
    registry.blobs.put(digest.toString(), bytes);
    registry.manifest(
        "sha256-" + image.digest().hex() + ".sig",
        MediaTypes.OCI_MANIFEST,
        """
        {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},\
        "layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"%s","size":%d,\
        "annotations":{"dev.cosignproject.cosign/signature":"%s"}}]}\
        """
            .formatted(
                MediaTypes.OCI_MANIFEST,
                MediaTypes.OCI_CONFIG,
                Digest.sha256("{}".getBytes(StandardCharsets.UTF_8)),
                digest,
                bytes.length,
                signature));
  }

  private Judgement verify(String... repositories) {
    return new CosignVerifier(client(), key, List.of(repositories))
        .verify(registry.name("box:1"), image, RegistryAccess.DEFAULT);
  }

  @Test
  void verify_goodSignature_accepts() throws Exception {
    String statement = statement(image.digest());
    attach(statement, signed(statement, keys));
    Judgement judgement = verify();
    assertTrue(judgement.accepted(), judgement::reason);
  }

  @Test
  void verify_noSignature_refuses() {
    Judgement judgement = verify();
    assertFalse(judgement.accepted());
    assertTrue(judgement.reason().contains("no signature"), judgement::reason);
  }

  @Test
  void verify_signatureByAnotherKey_refuses() throws Exception {
    String statement = statement(image.digest());
    attach(statement, signed(statement, generate()));
    assertFalse(verify().accepted());
  }

  @Test
  void verify_signatureOfAnotherStatement_refuses() throws Exception {
    attach(statement(image.digest()), signed(statement(Digest.sha256(new byte[1])), keys));
    assertFalse(verify().accepted());
    attach(statement(image.digest()), "no base64!");
    assertFalse(verify().accepted());
  }

  @Test
  void verify_goodSignatureAboutAnotherImage_refuses() throws Exception {
    String statement = statement(Digest.sha256(new byte[1]));
    attach(statement, signed(statement, keys));
    assertFalse(verify().accepted());
    String otherType = statement(image.digest()).replace("cosign container image", "any other");
    attach(otherType, signed(otherType, keys));
    assertFalse(verify().accepted());
  }

  @Test
  void verify_statementExchanged_fails() throws Exception {
    String statement = statement(image.digest());
    attach(statement, signed(statement, keys));
    byte[] bytes = statement.getBytes(StandardCharsets.UTF_8);
    byte[] forged = statement.replace("x/box", "y/box").getBytes(StandardCharsets.UTF_8);
    registry.blobs.put(Digest.sha256(bytes).toString(), forged);
    assertFails(ErrorKind.DATA_LOSS, "not what its digest says", this::verify);
  }

  @Test
  void verify_repositoriesNamed_watchesThemOnly() {
    String host = registry.host();
    assertFalse(verify(host + "/box").accepted());
    assertFalse(verify("a/b", host + "/").accepted());
    assertTrue(verify(host + "/bo").accepted());
    assertEquals("its repository needs no signature", verify(host + "/boxes/").reason());
  }

  @Test
  void verify_keyMissingOrDamaged_fails() throws Exception {
    Files.writeString(key, "no key");
    assertFails(ErrorKind.FAILED_PRECONDITION, "no PEM public key", this::verify);
    Files.delete(key);
    assertFails(ErrorKind.FAILED_PRECONDITION, "can't be read", this::verify);
  }
}
