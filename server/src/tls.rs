//! TLS for those who run without a reverse proxy.
//!
//! Owns reading certificate and key and the choice of parameters: TLS 1.3 only, key exchange X25519MLKEM768 first,
//! no early data. Invariant: every way in which the files can be wrong is one sentence that names the file.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No certificate in it.
    #[error("{} contains no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// No key in it.
    #[error("{} contains no PEM private key", .0.display())]
    NoKey(PathBuf),
    /// The key needs a passphrase.
    #[error("the private key in {} is encrypted; store it without a passphrase, readable only by the server", .0.display())]
    EncryptedKey(PathBuf),
    /// They don't belong together.
    #[error("the private key in {} does not belong to the certificate in {}", .key.display(), .cert.display())]
    Mismatch {
        /// Certificate file.
        cert: PathBuf,
        /// Key file.
        key: PathBuf,
    },
    /// Something else is wrong with them.
    #[error("the certificate in {} or the private key in {} cannot be used: {why}", .cert.display(), .key.display())]
    Unusable {
        /// Certificate file.
        cert: PathBuf,
        /// Key file.
        key: PathBuf,
        /// What the library said.
        why: String,
    },
}

/// Reads a certificate chain (own certificate first) and its key.
pub fn server_config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unusable = |why: String| TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), why };
    let chain = CertificateDer::pem_slice_iter(&read(cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| unusable(e.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(cert.to_owned()));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| unusable(e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, private_key(key)?)
        .map_err(|e| match e {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { cert: cert.to_owned(), key: key.to_owned() }
            }
            other => unusable(other.to_string()),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(path)?;
    let has = |text: &[u8]| pem.windows(text.len()).any(|w| w == text);
    // PKCS #8 and the older form that OpenSSL writes.
    if has(b"ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::EncryptedKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::NoKey(path.to_owned()))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let bytes =
        std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })?;
    Ok(Zeroizing::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, NamedGroup, RootCertStore, ServerConnection};
    use std::fs;

    fn files(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (cert, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (cert, key)
    }

    #[test]
    fn every_wrong_file_gets_its_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = files(dir.path(), "a");
        let (other, _) = files(dir.path(), "b");
        let missing = dir.path().join("missing.pem");
        assert!(
            matches!(server_config(&missing, &key), Err(TlsError::Unreadable { path, .. }) if path == missing)
        );
        assert!(matches!(server_config(&cert, &missing), Err(TlsError::Unreadable { .. })));
        assert!(matches!(server_config(&key, &key), Err(TlsError::NoCertificate(_))));
        assert!(matches!(server_config(&cert, &cert), Err(TlsError::NoKey(_))));
        assert!(matches!(server_config(&other, &key), Err(TlsError::Mismatch { .. })));
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
        ] {
            fs::write(&missing, text).unwrap();
            assert!(matches!(server_config(&cert, &missing), Err(TlsError::EncryptedKey(_))));
        }
        fs::write(&missing, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(matches!(server_config(&missing, &key), Err(TlsError::Unusable { .. })));
    }

    #[test]
    fn a_handshake_is_hybrid_and_tls_1_2_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = files(dir.path(), "a");
        let config = server_config(&cert, &key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&cert).unwrap()).unwrap();
        for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
            let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots.clone())
                .with_no_client_auth();
            let name = ServerName::try_from("localhost").unwrap();
            let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
            let mut server = ServerConnection::new(config.clone()).unwrap();
            let mut refused = false;
            while !refused && (client.wants_write() || server.wants_write()) {
                let mut wire = Vec::new();
                while client.wants_write() {
                    client.write_tls(&mut wire).unwrap();
                }
                let mut rest = wire.as_slice();
                while !rest.is_empty() {
                    server.read_tls(&mut rest).unwrap();
                    refused |= server.process_new_packets().is_err();
                }
                let mut wire = Vec::new();
                while server.wants_write() {
                    server.write_tls(&mut wire).unwrap();
                }
                let mut rest = wire.as_slice();
                while !rest.is_empty() {
                    client.read_tls(&mut rest).unwrap();
                    refused |= client.process_new_packets().is_err();
                }
            }
            if version.version == rustls::ProtocolVersion::TLSv1_3 {
                assert!(!refused && !server.is_handshaking());
                let group = server.negotiated_key_exchange_group().unwrap().name();
                assert_eq!(group, NamedGroup::X25519MLKEM768);
            } else {
                assert!(refused);
            }
        }
    }
}
