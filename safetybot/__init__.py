"""Online-safety advice and anonymous reporting for young people."""
