//! Messenger, Instagram and WhatsApp behind the channel port of the domain.
