"""Operations that moto's services lack, added to moto's own server."""
